/* bionic's pthread_mutex_t has 40 bytes, and is all zeros for a plain mutex. So has what glibc keeps in its own,
 * which on AArch64 ends in 8 bytes that nothing but pthread_mutex_init touches. But bionic's static initialisers of
 * recursive and error-checking mutexes keep the kind in the first word, which is glibc's lock word: they have to be
 * rewritten before glibc sees them. */
#include "layer.h"

#include <pthread.h>
#include <string.h>

enum { BIONIC_MUTEX_BYTES = 40 };

_Static_assert(sizeof((pthread_mutex_t){0}.__data) == BIONIC_MUTEX_BYTES,
               "glibc's mutex does not fit into bionic's on this architecture");
_Static_assert(sizeof(pthread_cond_t) == 48, "glibc's condition does not fit into bionic's on this architecture");
_Static_assert(sizeof(pthread_rwlock_t) == 56, "glibc's lock does not fit into bionic's on this architecture");

enum { BIONIC_RECURSIVE = 0x4000, BIONIC_ERRORCHECK = 0x8000 };

static pthread_mutex_t *translated(pthread_mutex_t *mutex) {
  int *first_word = (int *)mutex;
  int seen = __atomic_load_n(first_word, __ATOMIC_ACQUIRE);
  if (__builtin_expect(seen != BIONIC_RECURSIVE && seen != BIONIC_ERRORCHECK, 1)) return mutex;
  static pthread_mutex_t one_at_a_time = PTHREAD_MUTEX_INITIALIZER;
  pthread_mutex_lock(&one_at_a_time);
  if (__atomic_load_n(first_word, __ATOMIC_RELAXED) == seen) {
    mutex->__data.__kind = seen == BIONIC_RECURSIVE ? PTHREAD_MUTEX_RECURSIVE : PTHREAD_MUTEX_ERRORCHECK;
    /* Last: whoever sees the zero must see the kind. */
    __atomic_store_n(first_word, 0, __ATOMIC_RELEASE);
  }
  pthread_mutex_unlock(&one_at_a_time);
  return mutex;
}

BIONIC(pthread_mutex_init) int bionic_pthread_mutex_init(void *mutex, const pthread_mutexattr_t *attributes) {
  pthread_mutex_t whole;
  int error = pthread_mutex_init(&whole, attributes);
  if (!error) memcpy(mutex, &whole, BIONIC_MUTEX_BYTES);
  return error;
}
BIONIC(pthread_mutex_lock) int bionic_pthread_mutex_lock(pthread_mutex_t *m) {
  return pthread_mutex_lock(translated(m));
}
BIONIC(pthread_mutex_trylock) int bionic_pthread_mutex_trylock(pthread_mutex_t *m) {
  return pthread_mutex_trylock(translated(m));
}
BIONIC(pthread_mutex_destroy) int bionic_pthread_mutex_destroy(pthread_mutex_t *m) {
  return pthread_mutex_destroy(translated(m));
}

/* pthread_attr_t is laid out otherwise. Nothing imports pthread_attr_init (it is not in agrees.txt, so a
 * library that does would stop the build), hence the attributes can only be the default ones. */
BIONIC(pthread_create) int bionic_pthread_create(
    pthread_t *thread, const pthread_attr_t *attributes, void *(*start)(void *), void *argument) {
  if (attributes) layer_abort("pthread_create was given attributes, which this layer can't pass on");
  return pthread_create(thread, NULL, start, argument);
}

/* glibc links this one statically into each caller: there is no symbol to forward to. */
BIONIC(pthread_atfork) int bionic_pthread_atfork(void (*prepare)(void), void (*parent)(void), void (*child)(void)) {
  return pthread_atfork(prepare, parent, child);
}
