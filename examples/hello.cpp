// hello.cpp - the same first message, in C++11 or later
//
//   c++ examples/hello.cpp -o hello && ./hello
//
// prints:  parent: received 42 from process 2
#define VERIDIAN_IPC_IMPLEMENTATION
#include "../veridian_ipc.h"
#define VERIDIAN_POSIX_IMPLEMENTATION
#include "../shims/veridian_posix.h"
#include <iostream>

static void check(vipc_error e, const char *what)
{
    if (e == VIPC_OK) return;
    std::cerr << what << ": " << vipc_error_string(e) << '\n';
    _exit(1);
}

static int child(vipc &ipc)
{
    vipc_cap door;
    vipc_message m = VIPC_INIT;
    m.data[0] = 42;
    check(vipc_posix_after_fork(&ipc, "child"), "joining");
    check(vipc_lookup(&ipc, "door", VIPC_RIGHT_SEND, &door, VIPC_FOREVER), "looking up");
    check(vipc_send(&ipc, door, &m, VIPC_FOREVER), "sending");
    return vipc_posix_close(&ipc);
}

int main()
{
    vipc ipc;
    vipc_cap door;
    vipc_message m;
    vipc_info info;
    int fd;
    check(vipc_posix_create_fd(&ipc, nullptr, &fd), "creating a domain");
    if (fork() == 0) return child(ipc);
    check(vipc_endpoint_create(&ipc, nullptr, &door), "creating an endpoint");
    check(vipc_publish(&ipc, "door", door, VIPC_RIGHT_SEND), "publishing");
    check(vipc_receive(&ipc, door, &m, &info, vipc_after(&ipc, 5000000000u)), "receiving");     // ns
    std::cout << "parent: received " << m.data[0] << " from process " << info.sender.id << std::endl;
    return 0;
}
