"""The command `tfsiamese`: one file per verb, no logic."""
