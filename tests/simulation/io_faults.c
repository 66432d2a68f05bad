/* Calls of the disk that fail: preloaded, it lets one of so many calls on a shop's files end with EIO.

   io_faults(every, seed) from the program itself turns it on; 0 turns it off. A write that fails may
   have written a half of what it was given, as a disk may. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static unsigned every, state;
static long failed;

void io_faults(unsigned one_of, unsigned seed) { every = one_of; state = seed * 2654435761u + 1; }
long io_failed(void) { return failed; }

static unsigned next(void) { state ^= state << 13; state ^= state >> 17; state ^= state << 5; return state; }

static int fails(int fd) {
    char link[64], path[512];
    const char *name = getenv("IO_FAULT_FILE");
    if (!every || !name) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, path, sizeof path - 1);
    if (n <= 0) return 0;
    path[n] = 0;
    if (!strstr(path, name) || next() % every) return 0;
    failed++;
    return 1;
}

#define REAL(type, name) static type (*real)(); if (!real) real = dlsym(RTLD_NEXT, name)

ssize_t pwrite64(int fd, const void *data, size_t size, off64_t at) {
    REAL(ssize_t, "pwrite64");
    if (fails(fd)) { if (next() & 1) real(fd, data, size / 2, at); errno = EIO; return -1; }
    return real(fd, data, size, at);
}
ssize_t pwrite(int fd, const void *data, size_t size, off_t at) { return pwrite64(fd, data, size, at); }
ssize_t pread64(int fd, void *data, size_t size, off64_t at) {
    REAL(ssize_t, "pread64");
    if (fails(fd)) { errno = EIO; return -1; }
    return real(fd, data, size, at);
}
ssize_t pread(int fd, void *data, size_t size, off_t at) { return pread64(fd, data, size, at); }
int fsync(int fd) { REAL(int, "fsync"); if (fails(fd)) { errno = EIO; return -1; } return real(fd); }
int fdatasync(int fd) { REAL(int, "fdatasync"); if (fails(fd)) { errno = EIO; return -1; } return real(fd); }
int ftruncate64(int fd, off64_t size) {
    REAL(int, "ftruncate64");
    if (fails(fd)) { errno = EIO; return -1; }
    return real(fd, size);
}
