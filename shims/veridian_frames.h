/* veridian_frames.h - v0.1.0 - a bitmap of frames, shared by the ports of veridian_ipc.h
 * SPDX-License-Identifier: MIT OR Unlicense       (see the end of veridian_ipc.h)
 *
 * Hands out runs of neighbouring frames from memory that the caller brings.  In ONE file:
 *
 *     #define VERIDIAN_FRAMES_IMPLEMENTATION
 *     #include "veridian_frames.h"
 *
 * Freestanding: no libc, no globals, no pointers in the state, which may lie in shared memory at another address in each process
 * (or be saved to a file).  Made to answer the three frame hooks of vipc_hooks, so it keeps what they promise:
 *   - One caller at a time; the core's lock sees to that.  The caller may be killed at any instruction all the same.
 *   - alloc writes *first before it sets a bit, so whoever cleans up can free the run, wherever the kill struck.
 *   - free clears bits and nothing else: doing it twice, or a second time after a kill in the middle, is harmless.
 *   - One bit a frame is the whole truth.  No counter could drift from it; the hint only says where to look first.
 *   - The state is not believed: whatever another process scribbles there, no call leaves the memory or runs for ever.
 *     The geometry is copied into vipc_frames when it is attached and not read from the state again.
 */
#ifndef VERIDIAN_FRAMES_H
#define VERIDIAN_FRAMES_H
#ifndef VERIDIAN_IPC_H
#include "../veridian_ipc.h"
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* A process's handle on the allocator: its own copy of what must not change.  Fields are private. */
typedef struct vipc_frames {
    volatile uint64_t *state;          /* hint, then the bitmap: 1 is taken */
    unsigned char *base;               /* of frame 0 */
    uint64_t total;                    /* frames */
    uint32_t page_shift, reserved;
} vipc_frames;

/* Bytes of state for so many frames; 0: none, or more than can be. */
VIPC_API uint64_t vipc_frames_required_size(uint64_t total);
/* Make all frames free.  state: 8-byte aligned, else INVALID_ARGUMENT; OUT_OF_MEMORY: size is too small.  page_shift: 8..20. */
VIPC_API vipc_error vipc_frames_format(void *state, uint64_t size, uint64_t total, uint32_t page_shift);
/* Fill a handle.  base: where frame 0 lies in this process; total and page_shift as formatted, from a source that is trusted.
 * BAD_DOMAIN: the state was not formatted, or for another geometry; OUT_OF_MEMORY: the frames do not fit the address space. */
VIPC_API vipc_error vipc_frames_attach(vipc_frames *out, void *state, uint64_t size, void *base, uint64_t total, uint32_t page_shift);
/* Take the lowest run of `count` free frames.  *first is written before they count as taken.  OUT_OF_MEMORY: no such run;
 * INVALID_ARGUMENT: count is 0.  O(total / 64). */
VIPC_API vipc_error vipc_frames_alloc(const vipc_frames *self, uint64_t count, uint64_t *first);
/* As vipc_frames_alloc, but the run lies in [*from, to); `to` may be beyond the last frame.  *from moves on as far as nothing is free below, after OUT_OF_MEMORY too: so the next
 * search may begin there, if the caller moves it back to whatever is freed below it meanwhile.  O((to - *from) / 64). */
VIPC_API vipc_error vipc_frames_alloc_within(const vipc_frames *self, uint64_t count, uint64_t *from, uint64_t to, uint64_t *first);
/* Give a run back; what is free already stays so.  INVALID_ARGUMENT, and nothing done: not wholly inside. */
VIPC_API vipc_error vipc_frames_free(const vipc_frames *self, uint64_t first, uint64_t count);
/* Does the run lie inside, with at least one frame? */
VIPC_API bool vipc_frames_is_valid(const vipc_frames *self, uint64_t first, uint64_t count);
/* Is every frame of that run taken?  false unless it is valid.  A snapshot.  O(count). */
VIPC_API bool vipc_frames_is_taken(const vipc_frames *self, uint64_t first, uint64_t count);
/* Where the run lies; NULL unless it is valid. */
VIPC_API void *vipc_frames_pointer(const vipc_frames *self, uint64_t first, uint64_t count);
/* Frames in all, and free ones, counted in the bitmap (a snapshot).  O(total / 64). */
VIPC_API uint64_t vipc_frames_total(const vipc_frames *self);
VIPC_API uint64_t vipc_frames_available(const vipc_frames *self);
VIPC_API uint64_t vipc_frames_available_within(const vipc_frames *self, uint64_t from, uint64_t to);     /* free ones in [from, to), as far as they exist */

#ifdef __cplusplus
}
#endif
#endif /* VERIDIAN_FRAMES_H */

#if defined(VERIDIAN_FRAMES_IMPLEMENTATION) && !defined(VERIDIAN_FRAMES_IMPLEMENTED)
#define VERIDIAN_FRAMES_IMPLEMENTED

/* The state is an array of 64-bit words.  The mark and the geometry are for vipc_frames_attach alone. */
enum { VIPC_FRAMES_MARK_ = 0, VIPC_FRAMES_TOTAL_ = 1, VIPC_FRAMES_SHIFT_ = 2, VIPC_FRAMES_HINT_ = 3, VIPC_FRAMES_BITS_ = 8 };
#define VIPC_FRAMES_MAGIC_ ((uint64_t)0x766970632d667261u)
#define VIPC_FRAMES_MAX_ ((uint64_t)1 << 43)   /* with 1 MiB a frame that is 2^63 bytes */

VIPC_API uint64_t vipc_frames_required_size(uint64_t total)
{
    if (total == 0 || total > VIPC_FRAMES_MAX_) return 0;
    return (VIPC_FRAMES_BITS_ + (total + 63) / 64) * 8;
}

static bool vipc_frames_shape_is_valid_(const void *state, uint64_t total, uint32_t page_shift)
{
    return state && (uintptr_t)state % 8 == 0 && vipc_frames_required_size(total) != 0 && page_shift >= 8 && page_shift <= 20;
}

VIPC_API vipc_error vipc_frames_format(void *state, uint64_t size, uint64_t total, uint32_t page_shift)
{
    volatile uint64_t *words = (volatile uint64_t *)state;
    if (!vipc_frames_shape_is_valid_(state, total, page_shift)) return VIPC_ERR_INVALID_ARGUMENT;
    uint64_t bytes = vipc_frames_required_size(total);
    if (size < bytes) return VIPC_ERR_OUT_OF_MEMORY;
    for (uint64_t i = 0; i < bytes / 8; i++) words[i] = 0;
    words[VIPC_FRAMES_TOTAL_] = total;
    words[VIPC_FRAMES_SHIFT_] = page_shift;
    words[VIPC_FRAMES_MARK_] = VIPC_FRAMES_MAGIC_;
    return VIPC_OK;
}

VIPC_API vipc_error vipc_frames_attach(vipc_frames *out, void *state, uint64_t size, void *base, uint64_t total, uint32_t page_shift)
{
    volatile uint64_t *words = (volatile uint64_t *)state;
    if (!out || !base || !vipc_frames_shape_is_valid_(state, total, page_shift)) return VIPC_ERR_INVALID_ARGUMENT;
    if (size < vipc_frames_required_size(total)) return VIPC_ERR_BAD_DOMAIN;
    if (words[VIPC_FRAMES_MARK_] != VIPC_FRAMES_MAGIC_ || words[VIPC_FRAMES_TOTAL_] != total || words[VIPC_FRAMES_SHIFT_] != page_shift)
        return VIPC_ERR_BAD_DOMAIN;
    if (total > (UINTPTR_MAX - (uintptr_t)base) >> page_shift) return VIPC_ERR_OUT_OF_MEMORY;
    out->state = words;
    out->base = (unsigned char *)base;
    out->total = total;
    out->page_shift = page_shift;
    out->reserved = 0;
    return VIPC_OK;
}

/* Number of low bits of w that are 0; 64 for 0.  A builtin only where it is an instruction or two: other targets would call a library for it. */
static uint32_t vipc_frames_low_zeros_(uint64_t w)
{
    if (w == 0) return 64;
#if defined(__GNUC__) && (defined(__x86_64__) || defined(__aarch64__))
    return (uint32_t)__builtin_ctzll(w);
#else
    uint32_t n = 0;
    for (uint32_t half = 32; half != 0; half /= 2)
        if ((w & (((uint64_t)1 << half) - 1)) == 0) {
            n += half;
            w >>= half;
        }
    return n;
#endif
}

/* First run of `count` free frames within from..to; self->total if there is none.  Every turn moves `at` on, whatever the words hold. */
static uint64_t vipc_frames_find_(const vipc_frames *self, uint64_t from, uint64_t to, uint64_t count)
{
    const volatile uint64_t *bits = self->state + VIPC_FRAMES_BITS_;
    uint64_t start = from, at = from;
    while (at < to) {
        uint64_t word = bits[at / 64] >> (at % 64), left = 64 - at % 64;
        if (left > to - at) left = to - at;
        uint64_t zeros = vipc_frames_low_zeros_(word);
        if (zeros > left) zeros = left;
        at += zeros;
        if (at - start >= count) return start;
        if (zeros == left) continue;
        uint64_t ones = vipc_frames_low_zeros_(~(word >> zeros));
        at += ones < left - zeros ? ones : left - zeros;
        start = at;
    }
    return self->total;
}

/* Set or clear the bits of a run, a word at a time. */
static void vipc_frames_mark_(const vipc_frames *self, uint64_t first, uint64_t count, bool taken)
{
    volatile uint64_t *bits = self->state + VIPC_FRAMES_BITS_;
    while (count != 0) {
        uint64_t low = first % 64, n = 64 - low < count ? 64 - low : count;
        uint64_t mask = (n == 64 ? ~(uint64_t)0 : ((uint64_t)1 << n) - 1) << low;
        uint64_t word = bits[first / 64];
        bits[first / 64] = taken ? word | mask : word & ~mask;
        first += n;
        count -= n;
    }
}

VIPC_API bool vipc_frames_is_valid(const vipc_frames *self, uint64_t first, uint64_t count)
{
    return self && count != 0 && first < self->total && count <= self->total - first;
}

/* The hint says: nothing is free below.  It may be wrong (a kill, a scribble), which costs a second search, and no more. */
VIPC_API vipc_error vipc_frames_alloc(const vipc_frames *self, uint64_t count, uint64_t *first)
{
    if (!self || !first || count == 0) return VIPC_ERR_INVALID_ARGUMENT;
    if (count > self->total) return VIPC_ERR_OUT_OF_MEMORY;
    uint64_t hint = self->state[VIPC_FRAMES_HINT_];
    uint64_t lowest = vipc_frames_find_(self, hint, self->total, 1);
    uint64_t start = count == 1 ? lowest : vipc_frames_find_(self, lowest, self->total, count);
    if (start == self->total) {
        start = vipc_frames_find_(self, 0, self->total, count);
        if (start == self->total) return VIPC_ERR_OUT_OF_MEMORY;
        self->state[VIPC_FRAMES_HINT_] = 0;
    }
    *(volatile uint64_t *)first = start;   /* before the bits: see the top of the file */
    vipc_frames_mark_(self, start, count, true);
    if (start == lowest) self->state[VIPC_FRAMES_HINT_] = start + count;
    return VIPC_OK;
}

VIPC_API vipc_error vipc_frames_alloc_within(const vipc_frames *self, uint64_t count, uint64_t *from, uint64_t to, uint64_t *first)
{
    if (!self || !from || !first || count == 0) return VIPC_ERR_INVALID_ARGUMENT;
    if (to > self->total) to = self->total;
    if (*from >= to) return VIPC_ERR_OUT_OF_MEMORY;
    const uint64_t lowest = vipc_frames_find_(self, *from, to, 1), start = count == 1 ? lowest : vipc_frames_find_(self, lowest, to, count);
    *from = lowest < to ? lowest : to;
    if (start == self->total) return VIPC_ERR_OUT_OF_MEMORY;
    *(volatile uint64_t *)first = start;   /* before the bits: see the top of the file */
    vipc_frames_mark_(self, start, count, true);
    if (start == lowest) *from = start + count;
    return VIPC_OK;
}

VIPC_API vipc_error vipc_frames_free(const vipc_frames *self, uint64_t first, uint64_t count)
{
    if (!vipc_frames_is_valid(self, first, count)) return VIPC_ERR_INVALID_ARGUMENT;
    if (first < self->state[VIPC_FRAMES_HINT_]) self->state[VIPC_FRAMES_HINT_] = first;
    vipc_frames_mark_(self, first, count, false);
    return VIPC_OK;
}

VIPC_API bool vipc_frames_is_taken(const vipc_frames *self, uint64_t first, uint64_t count)
{
    if (!vipc_frames_is_valid(self, first, count)) return false;
    for (uint64_t at = first; at < first + count; at++)
        if (!(self->state[VIPC_FRAMES_BITS_ + at / 64] >> (at % 64) & 1)) return false;
    return true;
}

VIPC_API void *vipc_frames_pointer(const vipc_frames *self, uint64_t first, uint64_t count)
{
    return vipc_frames_is_valid(self, first, count) ? self->base + (uintptr_t)(first << self->page_shift) : NULL;
}

VIPC_API uint64_t vipc_frames_total(const vipc_frames *self)
{
    return self ? self->total : 0;
}

/* Number of bits of w that are 1: in pairs, in fours, in bytes, and these added up in the highest. */
static uint32_t vipc_frames_ones_(uint64_t w)
{
    w -= w >> 1 & 0x5555555555555555u;
    w = (w & 0x3333333333333333u) + (w >> 2 & 0x3333333333333333u);
    w = (w + (w >> 4)) & 0x0f0f0f0f0f0f0f0fu;
    return (uint32_t)(w * 0x0101010101010101u >> 56);
}
VIPC_API uint64_t vipc_frames_available_within(const vipc_frames *self, uint64_t from, uint64_t to)
{
    const uint64_t total = vipc_frames_total(self), end = to < total ? to : total;
    uint64_t free_frames = 0;
    for (uint64_t at = from, next; at < end; at = next) {
        uint64_t word = ~self->state[VIPC_FRAMES_BITS_ + at / 64] >> at % 64;
        next = (at | 63) + 1 < end ? (at | 63) + 1 : end;
        if (next - at < 64) word &= ((uint64_t)1 << (next - at)) - 1;
        free_frames += vipc_frames_ones_(word);
    }
    return free_frames;
}

VIPC_API uint64_t vipc_frames_available(const vipc_frames *self)
{
    return vipc_frames_available_within(self, 0, vipc_frames_total(self));
}
#endif /* VERIDIAN_FRAMES_IMPLEMENTATION */
