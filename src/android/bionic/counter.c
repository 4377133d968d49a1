/* Counts what one thread executes by the counter of the machine's own core, where nothing is emulated: between the marks
 * of mark.c's kind, and into a file like that of the emulator's plugin (../qemu/work.c), without bytes.
 *
 * perf_event_open is a large door of the kernel. It is open to the process that counts (sandbox/seccomp.py) until the
 * counter is, and is then closed to all its threads for good, before anything by strangers is read. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <jni.h>
#include <linux/filter.h>
#include <linux/perf_event.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "layer.h"

/* A test counts what every machine can. */
#ifndef COUNTED
#define COUNTED_TYPE PERF_TYPE_HARDWARE
#define COUNTED PERF_COUNT_HW_INSTRUCTIONS
#endif

enum { THIS_THREAD = 0, ANY_CORE = -1, NO_GROUP = -1 };

struct taken {
  uint64_t count, enabled_ns, running_ns;
};

static int counter = -1, file = -1;

/* User mode alone: what the kernel does for a thread differs from call to call. */
static int open_counter(void) {
  struct perf_event_attr asked = {
      .type = COUNTED_TYPE,
      .size = sizeof asked,
      .config = COUNTED,
      .read_format = PERF_FORMAT_TOTAL_TIME_ENABLED | PERF_FORMAT_TOTAL_TIME_RUNNING,
      .pinned = 1,
      .exclude_kernel = 1,
      .exclude_hv = 1,
  };
  counter = (int)syscall(SYS_perf_event_open, &asked, THIS_THREAD, ANY_CORE, NO_GROUP, PERF_FLAG_FD_CLOEXEC);
  return counter < 0 ? errno : 0;
}

/* A second filter of the kernel's, beside the sandbox's, for every thread that there is and that comes. */
static void close_door(void) {
  struct sock_filter refuse[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_perf_event_open, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  struct sock_fprog program = {sizeof refuse / sizeof *refuse, refuse};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
      syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program))
    layer_abort("perf_event_open can't be closed behind the counter: %s", strerror(errno));
}

/* Returns 0, or what the kernel says against it. */
static int start(const char *path) {
  int refused = open_counter();
  if (refused) return refused;
  close_door();
  file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0644);
  if (file < 0) layer_abort("%s: %s", path, strerror(errno));
  return 0;
}

static int take(struct taken *into) { return read(counter, into, sizeof *into) == sizeof *into; }

/* Reading it is the last thing that is done before a call and the first after it. A counter that was off for a while
 * writes no line, which who reads the file finds missing. */
static void mark(int begins) {
  static struct taken before;
  static int began;
  if (begins) {
    began = take(&before);
    return;
  }
  struct taken after;
  if (!take(&after) || !began) return;
  if (after.enabled_ns - before.enabled_ns != after.running_ns - before.running_ns) return;
  dprintf(file, "{\"instructions\": %" PRIu64 ", \"loaded_bytes\": null, \"stored_bytes\": null}\n",
          after.count - before.count);
}

PUBLIC jint JNICALL Java_dev_pocketfit_DesktopLibraries_00024CoreMarks_start(JNIEnv *env, jclass marks, jstring file) {
  (void)marks;
  const char *path = (*env)->GetStringUTFChars(env, file, NULL);
  int refused = start(path);
  (*env)->ReleaseStringUTFChars(env, file, path);
  return refused;
}

PUBLIC void JNICALL Java_dev_pocketfit_DesktopLibraries_00024CoreMarks_mark(JNIEnv *env, jobject marks, jboolean begins) {
  (void)env, (void)marks;
  mark(begins);
}
