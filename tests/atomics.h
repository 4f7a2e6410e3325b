/* atomics.h - the core's atomic words as a compiler's own, for tests that replace some of them: a test defines those, and then includes this for the rest, before the header. */
#ifndef VIPC_TEST_ATOMICS_H
#define VIPC_TEST_ATOMICS_H
#include <stdint.h>
static inline int plain_cas64(uint64_t *p, uint64_t e, uint64_t d) { return __atomic_compare_exchange_n(p, &e, d, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST); }
static inline int plain_cas32(uint32_t *p, uint32_t e, uint32_t d) { return __atomic_compare_exchange_n(p, &e, d, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST); }
#define VIPC_ATOMIC_LOAD32(p) __atomic_load_n(p, __ATOMIC_SEQ_CST)
#define VIPC_ATOMIC_LOAD64(p) __atomic_load_n(p, __ATOMIC_SEQ_CST)
#define VIPC_ATOMIC_PEEK32(p) __atomic_load_n(p, __ATOMIC_RELAXED)
#define VIPC_ATOMIC_PEEK64(p) __atomic_load_n(p, __ATOMIC_RELAXED)
#define VIPC_ATOMIC_POKE32(p, v) __atomic_store_n(p, v, __ATOMIC_RELAXED)
#define VIPC_ATOMIC_POKE64(p, v) __atomic_store_n(p, v, __ATOMIC_RELAXED)
#ifndef VIPC_ATOMIC_STORE64
#define VIPC_ATOMIC_STORE32(p, v) __atomic_store_n(p, v, __ATOMIC_RELEASE)
#define VIPC_ATOMIC_STORE64(p, v) __atomic_store_n(p, v, __ATOMIC_RELEASE)
#endif
#define VIPC_ATOMIC_CAS32(p, e, d) plain_cas32(p, e, d)
#ifndef VIPC_ATOMIC_CAS64
#define VIPC_ATOMIC_CAS64(p, e, d) plain_cas64(p, e, d)
#endif
#define VIPC_ATOMIC_SWAP64(p, v) __atomic_exchange_n(p, v, __ATOMIC_SEQ_CST)
#define VIPC_ATOMIC_ADD32(p, v) __atomic_fetch_add(p, v, __ATOMIC_SEQ_CST)
#define VIPC_ATOMIC_ADD64(p, v) __atomic_fetch_add(p, v, __ATOMIC_SEQ_CST)
#define VIPC_ATOMIC_WORD_LOAD(p) __atomic_load_n(p, __ATOMIC_RELAXED)
#define VIPC_ATOMIC_WORD_STORE(p, v) __atomic_store_n(p, v, __ATOMIC_RELAXED)
#define VIPC_ATOMIC_PAUSE() ((void)0)
#endif
