/* user.c - the checked ways to user memory.  Each thing is copied once, before it is looked at: what another thread of the process does to it meanwhile changes
 * nothing. */
#include "kernel.h"

static bool is_users(uint64_t at, size_t bytes) { return at < USER_TOP && bytes <= USER_TOP - at; }

vipc_error user_in(void *to, uint64_t from, size_t bytes)
{
    if (from == 0) return VIPC_ERR_INVALID_ARGUMENT;
    return is_users(from, bytes) && user_copy(to, (const void *)from, bytes) == 0 ? VIPC_OK : VIPC_ERR_FAULT;
}
vipc_error user_out(uint64_t to, const void *from, size_t bytes)
{
    if (to == 0) return VIPC_ERR_INVALID_ARGUMENT;
    return is_users(to, bytes) && user_copy((void *)to, from, bytes) == 0 ? VIPC_OK : VIPC_ERR_FAULT;
}
vipc_error user_can_write(uint64_t to, size_t bytes)
{
    if (to == 0) return VIPC_ERR_INVALID_ARGUMENT;
    if (!is_users(to, bytes)) return VIPC_ERR_FAULT;
    for (uint64_t at = to; at < to + bytes; at = (at & ~(PAGE - 1)) + PAGE)
        if (user_touch((void *)at)) return VIPC_ERR_FAULT;
    return VIPC_OK;
}
vipc_error user_text(char *to, size_t room, uint64_t from)
{
    if (from == 0) return VIPC_ERR_INVALID_ARGUMENT;
    for (size_t i = 0; i < room; i++) {
        vipc_error e = from + i < from ? VIPC_ERR_FAULT : user_in(to + i, from + i, 1);
        if (e != VIPC_OK || to[i] == 0) return e;
    }
    return VIPC_ERR_NAME_TOO_LONG;
}
