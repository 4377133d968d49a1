/* sysconf's and pathconf's names are numbered otherwise (bionic's bits/sysconf.h). Those listed are what PyTorch, its
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

/* libc++'s std::filesystem asks how long a path can be. */
BIONIC(pathconf) long bionic_pathconf(const char *path, int name) {
  static const int names[] = { /* by bionic's number */
      _PC_FILESIZEBITS, _PC_LINK_MAX, _PC_MAX_CANON, _PC_MAX_INPUT, _PC_NAME_MAX, _PC_PATH_MAX, _PC_PIPE_BUF,
      _PC_2_SYMLINKS};
  if (name >= 0 && (size_t)name < sizeof names / sizeof *names) return pathconf(path, names[name]);
  fprintf(stderr, "pocketfit: pathconf(%d) is not known to the compatibility layer\n", name);
  errno = EINVAL;
  return -1;
}
