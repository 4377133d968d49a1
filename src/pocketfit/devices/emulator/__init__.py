"""An Android emulator in a container: Docker, KVM, the boot."""
