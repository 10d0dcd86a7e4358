"""The pipelines of a program as pictures.

    Dana nodes ──flows──► model ──┬─► mermaid, dot         text for other programs to draw
                                  └─► layout ──► svg       a picture that needs no other program

Nothing is executed: what is drawn is what is written.
"""
