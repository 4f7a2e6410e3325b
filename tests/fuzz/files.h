/* files.h - the corpus as files: a few hundred small ones in one directory. */
#ifndef VIPC_TEST_FILES_H
#define VIPC_TEST_FILES_H
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FILES_MOST = 1000, FILE_NAME = 256, FILE_MOST = 1 << 16, FILE_PATH = 1024 };

static inline void file_path(char to[FILE_PATH], const char *dir, const char *name)
{
    if (snprintf(to, FILE_PATH, "%s/%s", dir, name) >= FILE_PATH) { printf("a path is too long\n"); exit(2); }
}

static inline size_t file_read(const char *path, unsigned char *bytes)
{
    FILE *f = fopen(path, "rb");
    size_t n = f ? fread(bytes, 1, FILE_MOST, f) : 0;
    if (f) fclose(f);
    return n;
}
static inline int file_compare(const void *a, const void *b) { return strcmp((const char *)a, (const char *)b); }
/* In the order of their names. */
static inline int file_list(const char *path, char there[FILES_MOST][FILE_NAME])
{
    DIR *d = opendir(path);
    struct dirent *e;
    int n = 0;
    while (d && n < FILES_MOST && (e = readdir(d)) != NULL)
        if (e->d_name[0] != '.') snprintf(there[n++], FILE_NAME, "%s", e->d_name);
    if (d) closedir(d);
    qsort(there, (size_t)n, FILE_NAME, file_compare);
    return n;
}
#endif
