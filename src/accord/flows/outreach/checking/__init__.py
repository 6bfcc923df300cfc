"""The public's question "is this dangerous?": what enters the list, how it is asked, appeals."""
