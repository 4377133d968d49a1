/* A plugin for QEMU's user mode that counts the work of one thread: the instructions that it executes, and with
 * memory=on the bytes that it loads and stores, between two marks of its own.
 *
 *   qemu-aarch64 -plugin work.so,counts=FILE[,memory=on] PROGRAM
 *
 * A mark is a system call without an effect, close(BEGIN) and close(END): see bionic/mark.c. At each end a line of JSON
 * is added to FILE. What runs in other threads meanwhile (Java's collector and compiler) is not counted.
 *
 * QEMU's header of this interface is in no package of Debian's, so the few functions that are used are declared here,
 * as version 1 of the interface has them (QEMU 6.0 to 8.1). */
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define PUBLIC __attribute__((visibility("default")))

typedef uint64_t plugin_id;
struct qemu_plugin_tb;
struct qemu_plugin_insn;

PUBLIC int qemu_plugin_version = 1;

enum { NO_REGISTERS = 0, READ_AND_WRITE = 3 };

size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *, size_t);
unsigned qemu_plugin_mem_size_shift(uint32_t);
bool qemu_plugin_mem_is_store(uint32_t);
void qemu_plugin_register_vcpu_tb_trans_cb(plugin_id, void (*)(plugin_id, struct qemu_plugin_tb *));
void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *, void (*)(unsigned, void *), int flags, void *);
void qemu_plugin_register_vcpu_mem_cb(struct qemu_plugin_insn *, void (*)(unsigned, uint32_t, uint64_t, void *),
                                      int flags, int rw, void *);
void qemu_plugin_register_vcpu_syscall_cb(plugin_id,
                                          void (*)(plugin_id, unsigned, int64_t, uint64_t, uint64_t, uint64_t, uint64_t,
                                                   uint64_t, uint64_t, uint64_t, uint64_t));

enum { CLOSE = 57, BEGIN = -770001, END = -770002, NOBODY = -1 };

/* Its own thread alone writes the counts: QEMU runs each thread of the program in one of the host's. */
static int marked = NOBODY;
static uint64_t instructions, loaded_bytes, stored_bytes;
static bool with_memory;
static int file = -1;

/* A block is counted when it begins: one that a signal interrupts is counted whole. */
static void on_block(unsigned thread, void *count) {
  if ((int)thread == marked) instructions += (uintptr_t)count;
}

static void on_access(unsigned thread, uint32_t access, uint64_t address, void *unused) {
  (void)address, (void)unused;
  if ((int)thread != marked) return;
  uint64_t bytes = UINT64_C(1) << qemu_plugin_mem_size_shift(access);
  if (qemu_plugin_mem_is_store(access)) stored_bytes += bytes;
  else loaded_bytes += bytes;
}

static void on_translation(plugin_id id, struct qemu_plugin_tb *block) {
  (void)id;
  size_t count = qemu_plugin_tb_n_insns(block);
  qemu_plugin_register_vcpu_tb_exec_cb(block, on_block, NO_REGISTERS, (void *)(uintptr_t)count);
  for (size_t i = 0; with_memory && i < count; i++)
    qemu_plugin_register_vcpu_mem_cb(qemu_plugin_tb_get_insn(block, i), on_access, NO_REGISTERS, READ_AND_WRITE, NULL);
}

static void begin(unsigned thread) {
  instructions = loaded_bytes = stored_bytes = 0;
  marked = (int)thread;
}

static void end(void) {
  char line[200];
  marked = NOBODY;
  int length = with_memory
                   ? snprintf(line, sizeof line, "{\"instructions\": %llu, \"loaded_bytes\": %llu, \"stored_bytes\": %llu}\n",
                              (unsigned long long)instructions, (unsigned long long)loaded_bytes,
                              (unsigned long long)stored_bytes)
                   : snprintf(line, sizeof line, "{\"instructions\": %llu}\n", (unsigned long long)instructions);
  /* A line that is missing is found to be so by who reads the file. */
  if (write(file, line, (size_t)length) < length) perror("work.so");
}

static void on_system_call(plugin_id id, unsigned thread, int64_t number, uint64_t first, uint64_t a2, uint64_t a3,
                           uint64_t a4, uint64_t a5, uint64_t a6, uint64_t a7, uint64_t a8) {
  (void)id, (void)a2, (void)a3, (void)a4, (void)a5, (void)a6, (void)a7, (void)a8;
  if (number != CLOSE) return;
  if ((int)first == BEGIN) begin(thread);
  if ((int)first == END && (int)thread == marked) end();
}

static const char *value_of(const char *argument, const char *key) {
  size_t length = strlen(key);
  return strncmp(argument, key, length) || argument[length] != '=' ? NULL : argument + length + 1;
}

/* QEMU ends where this is not 0, and says so after our own words. */
PUBLIC int qemu_plugin_install(plugin_id id, const void *info, int argc, char **argv) {
  (void)info;
  const char *path = NULL, *value;
  for (int i = 0; i < argc; i++) {
    if ((value = value_of(argv[i], "counts"))) path = value;
    else if ((value = value_of(argv[i], "memory"))) with_memory = !strcmp(value, "on");
    else return fprintf(stderr, "work.so: unknown argument: %s\n", argv[i]), 1;
  }
  if (!path) return fprintf(stderr, "work.so: counts=FILE is missing\n"), 1;
  file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0644);
  if (file < 0) return perror(path), 1;
  qemu_plugin_register_vcpu_tb_trans_cb(id, on_translation);
  qemu_plugin_register_vcpu_syscall_cb(id, on_system_call);
  return 0;
}
