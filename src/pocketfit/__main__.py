from pocketfit.cli import main

main()
