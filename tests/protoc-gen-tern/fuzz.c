/* fuzz PLUGIN REQUEST COUNT SEED SCRATCH: runs the plugin COUNT times with damaged copies of the
 * request in the file REQUEST (and with noise), through the file SCRATCH. The plugin may answer
 * (exit 0) or refuse (exit 1 and a text on stderr); anything else fails, and leaves the input in
 * SCRATCH. */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SIZE_MAX_BYTES = 1 << 20 };

static uint64_t state;

/* xorshift64: the same damage for the same seed. */
static uint32_t random_below(uint32_t limit)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return limit == 0 ? 0 : (uint32_t)((state >> 16) % limit);
}

static size_t read_file(const char *path, unsigned char *bytes, size_t capacity)
{
    FILE *file = fopen(path, "rb");
    size_t size;

    if (file == NULL) {
        perror(path);
        exit(2);
    }
    size = fread(bytes, 1, capacity, file);
    fclose(file);
    return size;
}

static void write_file(const char *path, const unsigned char *bytes, size_t size)
{
    FILE *file = fopen(path, "wb");

    if (file == NULL || fwrite(bytes, 1, size, file) != size || fclose(file) != 0) {
        perror(path);
        exit(2);
    }
}

/* Writes a damaged copy to out and returns its size, at most that of the original. */
static size_t damage(unsigned char *out, const unsigned char *request, size_t size)
{
    uint32_t kind = random_below(8);
    uint32_t changes = 1 + random_below(kind < 4 ? 4 : 64);

    if (kind == 0) size = random_below((uint32_t)size);
    memcpy(out, request, size);
    if (kind == 1) {
        size = random_below(512);
        for (size_t i = 0; i < size; i++) out[i] = (unsigned char)random_below(256);
    }
    for (uint32_t i = 0; i < changes && size > 0 && kind > 1; i++) {
        size_t at = random_below((uint32_t)size);

        if (kind % 3 == 2 && at + 16 < size) {
            size_t gap = 1 + random_below(15);

            memmove(out + at, out + at + gap, size - at - gap);
            size -= gap;
        } else {
            uint32_t other = kind % 3 == 0 ? random_below(256) : out[at] ^ (1u << random_below(8));

            out[at] = (unsigned char)other;
        }
    }
    return size;
}

/* The wait status of plugin with input on stdin; out_said: whether it wrote to stderr. */
static int run(const char *plugin, const char *input, int *out_said)
{
    int status = -1;
    int said[2];
    char byte;
    pid_t child;

    if (pipe(said) != 0) exit(2);
    child = fork();
    if (child == 0) {
        int in = open(input, O_RDONLY);
        int null = open("/dev/null", O_WRONLY);

        if (in < 0 || null < 0 || dup2(in, 0) < 0 || dup2(null, 1) < 0 || dup2(said[1], 2) < 0) _exit(3);
        close(said[0]);
        close(said[1]);
        execl(plugin, plugin, (char *)NULL);
        _exit(3);
    }
    close(said[1]);
    *out_said = read(said[0], &byte, 1) == 1;
    while (*out_said && read(said[0], &byte, 1) == 1) continue;
    close(said[0]);
    if (child < 0 || waitpid(child, &status, 0) != child) exit(2);
    return status;
}

int main(int argc, char **argv)
{
    static unsigned char request[SIZE_MAX_BYTES];
    static unsigned char damaged[SIZE_MAX_BYTES];
    int ends[2] = { 0, 0 };
    size_t size;

    if (argc != 6) {
        fprintf(stderr, "usage: fuzz PLUGIN REQUEST COUNT SEED SCRATCH\n");
        return 2;
    }
    size = read_file(argv[2], request, sizeof request - 512);
    state = strtoull(argv[4], NULL, 10) * 2654435769u + 1;
    for (long i = strtol(argv[3], NULL, 10); i > 0; i--) {
        int said;
        int status;

        write_file(argv[5], damaged, damage(damaged, request, size));
        status = run(argv[1], argv[5], &said);
        if (!WIFEXITED(status) || WEXITSTATUS(status) > 1 || (WEXITSTATUS(status) == 1 && !said)) {
            printf("%s %s %d with the input in %s\n", argv[1], WIFEXITED(status) ? "exits with" : "dies of signal",
                   WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status), argv[5]);
            return 1;
        }
        ends[WEXITSTATUS(status)]++;
    }
    printf("answered %d, refused %d\n", ends[0], ends[1]);
    return 0;
}
