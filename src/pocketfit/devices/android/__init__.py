"""Runs the Java program on any Android device, attached or emulated: adb, pushed files, how a program ended."""
