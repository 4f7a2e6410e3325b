// boost.cc - Boost.Lockfree's ring for one sender and one receiver
#include "works.h"
#include <boost/lockfree/spsc_queue.hpp>
#include <new>

using ring = boost::lockfree::spsc_queue<line, boost::lockfree::capacity<CAPACITY>>;

static void make(void *queue) { new (queue) ring; }
static bool ring_send(void *end, const line *m) { return (*(ring **)end)->push(*m); }
static bool ring_receive(void *end, line *m) { return (*(ring **)end)->pop(*m); }
static const queue_kind spsc = { "boost-spsc", sizeof(ring), 0, 7, false, NULL, NULL, make, NULL, NULL, NULL, NULL, ring_send, ring_receive };
QUEUE(spsc)

int main()
{
    queue_rows_spsc("acf", "tp");
}
