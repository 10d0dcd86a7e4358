"""Nodes → what the lowering has to know about them: names, placement, the kinds of stages."""
