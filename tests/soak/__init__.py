"""Random blocks, for as long as one likes; at the end nothing may be left over."""
