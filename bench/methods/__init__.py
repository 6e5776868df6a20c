"""Ways to transfer a backbone, one per file, in the families of docs/methods.md.

A method describes what sets it apart (`descriptions`), and its kind (`kinds`) has it trained. Torch is imported when a
method runs, so that suites validate without it: that is why functions of methods import it, and what needs it.

Others import: nothing.
"""
