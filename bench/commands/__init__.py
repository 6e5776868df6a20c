"""The verbs: parse, call one function, print."""
