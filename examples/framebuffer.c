/* framebuffer.c - one process draws into a named shared-memory object, another one shows it: two buffers, and no frame is ever copied, or seen half drawn
 *
 *     cc examples/framebuffer.c -o framebuffer && ./framebuffer [-l | -n] [-f FRAMES] [-w WIDTH] [PICTURE.bmp]
 *
 * The producer makes an object, "screen", as POSIX programs make one with shm_open and ftruncate: room for two frames, which it maps for writing.  The
 * consumer opens the same name for reading alone.  The producer draws a frame into one buffer while the consumer shows the other one: it calls the consumer
 * with the number of each frame that is done, and the consumer answers as soon as it turns to that frame, so when the call returns the buffer of the frame before
 * is free.
 * The last frame is written to PICTURE.bmp (framebuffer.bmp), which any viewer of pictures shows.  On a terminal, or with -l, all frames are shown there as
 * they come, in half blocks of 24-bit colour, for some seconds; -n: not even on a terminal.
 *
 * Expected output, without the live view:
 *     framebuffer.bmp: 480 x 270, frame 24 of 24
 *     24 frames through 2 buffers, none copied, none torn; the consumer may not write: right missing
 */
#define _GNU_SOURCE
#define VERIDIAN_IPC_IMPLEMENTATION
#include "../veridian_ipc.h"
#define VERIDIAN_POSIX_IMPLEMENTATION
#include "../shims/veridian_posix.h"
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/wait.h>

enum { BUFFERS = 2, HEAD = 4096, FRAMES_A_SECOND = 25 };
static const uint64_t SECOND = 1000000000u;
/* What lies in the object: this, and from HEAD on two frames of width * height pixels, 0xNNRRGGBB, where NN is the frame's number, to tell a torn one by. */
typedef struct screen { uint32_t width, height, frames, reserved; } screen;
static vipc ipc;

static void must(vipc_error e, const char *what)
{
    if (e == VIPC_OK) return;
    fprintf(stderr, "framebuffer: %s: %s\n", what, vipc_error_string(e));
    exit(1);
}
static uint64_t bytes_of(uint32_t width, uint32_t height) { return HEAD + (uint64_t)BUFFERS * width * height * 4; }
static uint32_t *buffer_of(const screen *s, uint64_t frame)
{
    return (uint32_t *)(uintptr_t)((uintptr_t)s + HEAD) + (size_t)(frame % BUFFERS) * s->width * s->height;
}
static screen *map(vipc_cap object, uint32_t access)
{
    vipc_posix_window_desc window = VIPC_INIT;
    vipc_map_desc d = VIPC_INIT;
    vipc_mapping m;
    vipc_cap space;
    window.size = 256 << 20;
    d.access = access;
    must(vipc_posix_window_open(&ipc, &window, &space), "vipc_posix_window_open");
    must(vipc_map(&ipc, object, &d, &m), "vipc_map");
    return (screen *)vipc_pointer(&m);
}

/* -- what is drawn: three balls over a floor of tiles, each ray followed to what it is mirrored in.  No libm, so that no -l is needed. */
typedef struct v3 { double x, y, z; } v3;
static v3 vec(double x, double y, double z) { v3 v; v.x = x; v.y = y; v.z = z; return v; }
static v3 plus(v3 a, v3 b, double k) { return vec(a.x + b.x * k, a.y + b.y * k, a.z + b.z * k); }
static double dot(v3 a, v3 b) { return a.x * b.x + a.y * b.y + a.z * b.z; }
static double root(double n)
{
    uint64_t bits;
    double r;
    if (n <= 0) return 0;
    memcpy(&bits, &n, sizeof bits);
    bits = (bits >> 1) + ((uint64_t)1023 << 51);           /* half the exponent: good to some percent, and each step doubles the digits */
    memcpy(&r, &bits, sizeof r);
    for (int i = 0; i < 4; i++) r = (r + n / r) / 2;
    return r;
}
static v3 unit(v3 a) { return plus(vec(0, 0, 0), a, 1 / root(dot(a, a))); }
typedef struct ball { v3 at, colour; double radius; } ball;
static ball balls[3];
static v3 sun;

static double hop(double t) { t -= (double)(long)t; return 4 * t * (1 - t); }       /* up and down once in a unit of time */
static void place(double t)
{
    sun = unit(vec(-0.6, 1, -0.7));
    for (int i = 0; i < 3; i++) {
        balls[i].radius = 0.55 + 0.2 * i;
        balls[i].at = vec(-1.7 + 1.6 * i, balls[i].radius + (1.3 - 0.35 * i) * hop(t + 0.37 * i), 0.9 * i);
    }
    balls[0].colour = vec(0.85, 0.06, 0.03);
    balls[1].colour = vec(0.05, 0.50, 0.10);
    balls[2].colour = vec(0.04, 0.14, 0.85);
}
static const ball *meet(v3 from, v3 way, double *far)
{
    const ball *found = NULL;
    for (int i = 0; i < 3; i++) {
        const v3 to = plus(from, balls[i].at, -1);
        const double b = dot(to, way), inside = b * b - dot(to, to) + balls[i].radius * balls[i].radius;
        if (inside <= 0 || b >= 0) continue;
        const double d = -b - root(inside);
        if (d > 1e-6 && d < *far) { *far = d; found = &balls[i]; }
    }
    return found;
}
static v3 colour_of(v3 from, v3 way, int mirrors)
{
    double far = 1e9, dark = 1e9;
    const ball *b = meet(from, way, &far);
    const double floor_at = way.y < 0 ? -from.y / way.y : 1e9;
    if (!b && floor_at > 60) return plus(vec(0.62, 0.74, 0.95), vec(-0.60, -0.64, -0.50), way.y > 0 ? root(way.y) : 0);        /* the sky */
    const v3 at = plus(from, way, b ? far : floor_at), up = b ? unit(plus(at, b->at, -1)) : vec(0, 1, 0);
    const long tile = (long)(at.x + 1000) + (long)(at.z + 1000);
    const v3 own = b ? b->colour : tile & 1 ? vec(0.80, 0.76, 0.66) : vec(0.04, 0.05, 0.08);
    const double lit = meet(plus(at, up, 1e-4), sun, &dark) ? 0 : dot(up, sun) > 0 ? dot(up, sun) : 0;
    v3 c = plus(vec(0, 0, 0), own, 0.16 + 0.90 * lit);
    if (mirrors > 0) {
        const v3 back = plus(way, up, -2 * dot(way, up));
        const double share = b ? 0.30 : 0.18;
        c = plus(plus(vec(0, 0, 0), c, 1 - share), colour_of(plus(at, up, 1e-4), back, mirrors - 1), share);
    }
    return c;
}
static uint32_t byte_of(double x) { return x <= 0 ? 0 : x >= 1 ? 255 : (uint32_t)(root(x) * 255); }     /* root: about a screen's gamma */
static void draw(const screen *s, uint64_t frame)
{
    uint32_t *to = buffer_of(s, frame);
    const uint32_t number = (uint32_t)(frame & 255) << 24;
    place(0.15 + (double)frame / FRAMES_A_SECOND);
    for (uint32_t y = 0; y < s->height; y++)
        for (uint32_t x = 0; x < s->width; x++) {
            const double across = ((double)x + 0.5 - s->width / 2.0) / s->height, down = ((double)y + 0.5) / s->height - 0.5;
            const v3 c = colour_of(vec(0, 1.5, -5), unit(vec(across, -down - 0.16, 1.05)), 2);
            *to++ = number | byte_of(c.x) << 16 | byte_of(c.y) << 8 | byte_of(c.z);
        }
}

/* -- the producer: a child with a membership of its own */
static int produce(uint32_t width, uint32_t height, uint32_t frames, int live)
{
    vipc_cap object, show;
    must(vipc_posix_after_fork(&ipc, "producer"), "vipc_posix_after_fork");
    must(vipc_object_open(&ipc, "screen", VIPC_OPEN_CREATE | VIPC_OPEN_EXCLUSIVE, 0644, &object, VIPC_FOREVER), "vipc_object_open");
    must(vipc_object_truncate(&ipc, object, bytes_of(width, height), VIPC_FOREVER), "vipc_object_truncate");
    screen *s = map(object, VIPC_WRITE);
    s->width = width;
    s->height = height;
    s->frames = frames;
    must(vipc_lookup(&ipc, "show", VIPC_RIGHT_SEND, &show, VIPC_FOREVER), "vipc_lookup");
    vipc_time next = vipc_time_now(&ipc);
    for (uint64_t frame = 1; frame <= frames; frame++) {
        vipc_message m = VIPC_INIT;
        draw(s, frame);
        m.data[0] = frame;
        must(vipc_call(&ipc, show, &m, &m, VIPC_FOREVER), "vipc_call");        /* now the frame before this one is not looked at any more */
        if (frame == 1) must(vipc_object_unlink(&ipc, "screen"), "vipc_object_unlink");     /* the consumer has it open: nobody else is to */
        next += SECOND / FRAMES_A_SECOND;
        const vipc_time time = vipc_time_now(&ipc);
        if (live && next > time) usleep((useconds_t)((next - time) / 1000));
        else next = time;
    }
    return vipc_posix_close(&ipc) != VIPC_OK;
}

/* -- the consumer */
static void put16(unsigned char *to, uint32_t n) { to[0] = (unsigned char)n; to[1] = (unsigned char)(n >> 8); }
static void put32(unsigned char *to, uint32_t n) { put16(to, n); put16(to + 2, n >> 16); }
static int write_picture(const screen *s, uint64_t frame, const char *path)
{
    const uint32_t row = (s->width * 3 + 3) & ~3u;
    unsigned char head[54] = { 'B', 'M' };
    FILE *f = fopen(path, "wb");
    unsigned char *line = (unsigned char *)calloc(1, row);
    put32(head + 2, 54 + row * s->height);
    put32(head + 10, 54);
    put32(head + 14, 40);
    put32(head + 18, s->width);
    put32(head + 22, s->height);
    put16(head + 26, 1);
    put16(head + 28, 24);
    int good = f && line && fwrite(head, sizeof head, 1, f) == 1;
    for (uint32_t y = s->height; good && y-- > 0;) {                       /* from the bottom up, blue first */
        const uint32_t *from = buffer_of(s, frame) + (size_t)y * s->width;
        for (uint32_t x = 0; x < s->width; x++) {
            put16(line + 3 * x, from[x]);
            line[3 * x + 2] = (unsigned char)(from[x] >> 16);
        }
        good = fwrite(line, row, 1, f) == 1;
    }
    free(line);
    if (f && fclose(f) != 0) good = 0;
    return good;
}
static int torn(const screen *s, uint64_t frame)
{
    const uint32_t *p = buffer_of(s, frame), number = (uint32_t)(frame & 255);
    for (size_t i = 0, pixels = (size_t)s->width * s->height; i < pixels; i++) if (p[i] >> 24 != number) return 1;
    return 0;
}
/* The mean of a box of pixels: red, green, blue. */
static void mean(const uint32_t *p, uint32_t width, uint32_t x0, uint32_t x1, uint32_t y0, uint32_t y1, unsigned out[3])
{
    unsigned sum[3] = { 0, 0, 0 }, n = 0;
    for (uint32_t y = y0; y < y1; y++)
        for (uint32_t x = x0; x < x1; x++, n++)
            for (int k = 0; k < 3; k++) sum[k] += p[(size_t)y * width + x] >> (16 - 8 * k) & 255;
    for (int k = 0; k < 3; k++) out[k] = n ? sum[k] / n : 0;
}
static void show_live(const screen *s, uint64_t frame)
{
    struct winsize w;
    uint32_t columns = 80, rows = 23;
    if (ioctl(1, TIOCGWINSZ, &w) == 0 && w.ws_col > 1 && w.ws_row > 2) { columns = w.ws_col; rows = w.ws_row - 1u; }
    if (columns > s->width) columns = s->width;
    if (2 * rows * s->width > columns * s->height) rows = columns * s->height / s->width / 2;     /* as wide as it is high; a half block is a square */
    else columns = 2 * rows * s->width / s->height;
    if (rows == 0 || columns == 0) return;
    const uint32_t *p = buffer_of(s, frame);
    printf("\033[H");
    for (uint32_t y = 0; y < rows; y++) {
        for (uint32_t x = 0; x < columns; x++) {
            unsigned c[2][3];
            for (uint32_t half = 0; half < 2; half++)
                mean(p, s->width, x * s->width / columns, (x + 1) * s->width / columns, (2 * y + half) * s->height / (2 * rows),
                     (2 * y + half + 1) * s->height / (2 * rows), c[half]);
            printf("\033[38;2;%u;%u;%um\033[48;2;%u;%u;%um\342\226\200", c[0][0], c[0][1], c[0][2], c[1][0], c[1][1], c[1][2]);
        }
        printf("\033[0m\033[K\n");
    }
    fflush(stdout);
}
static volatile sig_atomic_t stopped;
static void stop(int number) { (void)number; stopped = 1; }

/* The next frame; 0: there is none, as the producer has ended. */
static uint64_t next_frame(vipc_cap door, pid_t producer, vipc_info *info)
{
    vipc_message m;
    vipc_error e;
    int status;
    do e = vipc_receive(&ipc, door, &m, info, vipc_after(&ipc, SECOND / 10));
    while (e == VIPC_ERR_TIMEOUT && !stopped && waitpid(producer, &status, WNOHANG) == 0);
    if (e == VIPC_ERR_TIMEOUT) return 0;
    must(e, "vipc_receive");
    return m.data[0];
}
static int consume(vipc_cap door, pid_t producer, int live, const char *path)
{
    const screen *s = NULL;
    uint64_t shown = 0, bad = 0;
    vipc_error write_error = VIPC_OK;
    while (!stopped && (!s || shown < s->frames)) {
        vipc_info info;
        vipc_message answer = VIPC_INIT;
        const uint64_t frame = next_frame(door, producer, &info);
        if (frame == 0) break;
        if (!s) {                                          /* it is there by now */
            vipc_cap object;
            vipc_map_desc d = VIPC_INIT;
            vipc_mapping m;
            must(vipc_object_open(&ipc, "screen", VIPC_OPEN_READ_ONLY, 0, &object, VIPC_FOREVER), "vipc_object_open");
            s = map(object, VIPC_READ);
            d.access = VIPC_WRITE;
            write_error = vipc_map(&ipc, object, &d, &m);
            if (live) printf("\033[2J\033[?25l");
        }
        must(vipc_reply(&ipc, info.reply, &answer), "vipc_reply");                 /* the other buffer is free */
        if (live) show_live(s, frame);
        bad += frame != ++shown || torn(s, frame);
        if (frame == s->frames && !write_picture(s, frame, path)) {
            fprintf(stderr, "framebuffer: %s: %s\n", path, strerror(errno));
            bad++;
        }
    }
    if (live) printf("\033[?25h");
    if (stopped || !s || shown < s->frames) {
        fprintf(stderr, "framebuffer: %s after %u frames\n", stopped ? "stopped" : "the producer ended", (unsigned)shown);
        return 1;
    }
    printf("%s: %u x %u, frame %u of %u\n", path, s->width, s->height, (unsigned)shown, s->frames);
    if (bad || write_error != VIPC_ERR_PERMISSION_DENIED) printf("SOMETHING IS WRONG\n");
    else printf("%u frames through %d buffers, none copied, none torn; the consumer may not write: %s\n", (unsigned)shown, BUFFERS, vipc_error_string(write_error));
    return bad != 0 || write_error != VIPC_ERR_PERMISSION_DENIED;
}

int main(int argc, char **argv)
{
    int live = isatty(1), fd, bad = 0, option, status;
    uint32_t frames = 0, width = 0;
    vipc_posix_desc domain = VIPC_INIT;
    vipc_cap door;
    while ((option = getopt(argc, argv, "lnf:w:")) != -1) {
        if (option == 'l') live = 1;
        else if (option == 'n') live = 0;
        else if (option == 'f') frames = (uint32_t)strtoul(optarg, NULL, 10);
        else if (option == 'w') width = (uint32_t)strtoul(optarg, NULL, 10);
        else bad = 1;
    }
    if (!frames) frames = live ? 5 * FRAMES_A_SECOND : 24;
    if (!width) width = live ? 240 : 480;
    const uint32_t height = width * 9 / 16;
    if (bad || optind + 1 < argc || width < 16 || width > 3840 || frames > 100000) {
        fprintf(stderr, "framebuffer: usage: framebuffer [-l | -n] [-f FRAMES] [-w WIDTH, 16 to 3840] [PICTURE.bmp]\n");
        return 1;
    }
    domain.frames_bytes = bytes_of(width, height) + (4u << 20);
    must(vipc_posix_create_fd(&ipc, &domain, &fd), "vipc_posix_create_fd");
    must(vipc_endpoint_create(&ipc, NULL, &door), "vipc_endpoint_create");
    must(vipc_publish(&ipc, "show", door, VIPC_RIGHT_SEND), "vipc_publish");
    fflush(stdout);
    const pid_t producer = fork();
    if (producer < 0) { perror("framebuffer: fork"); return 1; }
    if (producer == 0) return produce(width, height, frames, live);
    signal(SIGINT, stop);
    bad = consume(door, producer, live, optind < argc ? argv[optind] : "framebuffer.bmp");
    must(vipc_posix_close(&ipc), "vipc_posix_close");      /* a producer that is still at it is told so, and ends */
    waitpid(producer, &status, 0);
    close(fd);
    return bad;
}
