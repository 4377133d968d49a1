/* Bionic's stdin, stdout and stderr are the elements of an array of its own FILE, `__sF`, whose address is
 * compiled into the libraries. Every other FILE * is glibc's already, and opaque to its caller. */
#include "layer.h"

#include <stdarg.h>
#include <stdio.h>
#include <wchar.h>

enum { BIONIC_FILE_BYTES = 152 };

BIONIC(__sF) char bionic___sF[3][BIONIC_FILE_BYTES];

/* From API 23 on they are variables that point to them, and in glibc too: these point straight to glibc's. */
BIONIC(stdin) FILE *bionic_stdin;
BIONIC(stdout) FILE *bionic_stdout;
BIONIC(stderr) FILE *bionic_stderr;

__attribute__((constructor)) static void point_to_streams(void) {
  bionic_stdin = stdin;
  bionic_stdout = stdout;
  bionic_stderr = stderr;
}

FILE *layer_file(FILE *file) {
  size_t offset = (size_t)((char *)file - (char *)bionic___sF);
  if (offset >= sizeof bionic___sF) return file;
  FILE *standard[] = {stdin, stdout, stderr};
  return standard[offset / BIONIC_FILE_BYTES];
}

BIONIC(fclose) int bionic_fclose(FILE *f) { return fclose(layer_file(f)); }
BIONIC(fflush) int bionic_fflush(FILE *f) { return fflush(f ? layer_file(f) : NULL); }
BIONIC(fputc) int bionic_fputc(int c, FILE *f) { return fputc(c, layer_file(f)); }
BIONIC(fputs) int bionic_fputs(const char *s, FILE *f) { return fputs(s, layer_file(f)); }
BIONIC(getc) int bionic_getc(FILE *f) { return getc(layer_file(f)); }
BIONIC(ungetc) int bionic_ungetc(int c, FILE *f) { return ungetc(c, layer_file(f)); }
BIONIC(fread) size_t bionic_fread(void *to, size_t size, size_t n, FILE *f) {
  return fread(to, size, n, layer_file(f));
}
BIONIC(fwrite) size_t bionic_fwrite(const void *from, size_t size, size_t n, FILE *f) {
  return fwrite(from, size, n, layer_file(f));
}
BIONIC(fseek) int bionic_fseek(FILE *f, long offset, int whence) { return fseek(layer_file(f), offset, whence); }
BIONIC(fseeko) int bionic_fseeko(FILE *f, off_t offset, int whence) { return fseeko(layer_file(f), offset, whence); }
BIONIC(ftell) long bionic_ftell(FILE *f) { return ftell(layer_file(f)); }
BIONIC(ftello) off_t bionic_ftello(FILE *f) { return ftello(layer_file(f)); }
BIONIC(rewind) void bionic_rewind(FILE *f) { rewind(layer_file(f)); }
BIONIC(freopen) FILE *bionic_freopen(const char *path, const char *mode, FILE *f) {
  return freopen(path, mode, layer_file(f));
}
BIONIC(setvbuf) int bionic_setvbuf(FILE *f, char *buffer, int mode, size_t size) {
  return setvbuf(layer_file(f), buffer, mode, size);
}
BIONIC(ferror) int bionic_ferror(FILE *f) { return ferror(layer_file(f)); }
BIONIC(fputwc) wint_t bionic_fputwc(wchar_t c, FILE *f) { return fputwc(c, layer_file(f)); }
BIONIC(getwc) wint_t bionic_getwc(FILE *f) { return getwc(layer_file(f)); }
BIONIC(ungetwc) wint_t bionic_ungetwc(wint_t c, FILE *f) { return ungetwc(c, layer_file(f)); }
