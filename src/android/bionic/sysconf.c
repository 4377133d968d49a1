/* sysconf's names are numbered otherwise (bionic's bits/sysconf.h). Those listed are what PyTorch, its
 * thread pools and cpuinfo ask for; another one is an error that is seen in the log, not a wrong answer. */
#include "layer.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

BIONIC(sysconf) long bionic_sysconf(int name) {
  switch (name) {
    case 0x00: return sysconf(_SC_ARG_MAX);
    case 0x06: return sysconf(_SC_CLK_TCK);
    case 0x0b: return sysconf(_SC_OPEN_MAX);
    case 0x27:
    case 0x28: return sysconf(_SC_PAGESIZE);
    case 0x60: return sysconf(_SC_NPROCESSORS_CONF);
    case 0x61: return sysconf(_SC_NPROCESSORS_ONLN);
    case 0x62: return sysconf(_SC_PHYS_PAGES);
    case 0x63: return sysconf(_SC_AVPHYS_PAGES);
    default:
      fprintf(stderr, "pocketfit: sysconf(0x%x) is not known to the compatibility layer\n", name);
      errno = EINVAL;
      return -1;
  }
}
