"""What every Android device has in common, attached or emulated: adb, what is pushed, how a program ends."""
