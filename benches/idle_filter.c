/* A mail filter that has nothing to say, for benches/secure.py. usage: idle_filter PORT STEPS
 * STEPS are the steps of the milter protocol that it does not want, as a number. Everything else is answered "continue".
 */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CLIENTS = 4096, ROOM = 1 << 17 };

static struct { char *bytes; size_t filled; } input[CLIENTS];
static uint32_t steps;

static int answer(int client, char command)
{
    if (command == 'O') {
        uint32_t words[] = {htonl(13), htonl(6), 0, htonl(steps)};
        char packet[17];
        memcpy(packet, words, 4);
        packet[4] = 'O';
        memcpy(packet + 5, words + 1, 12);
        return write(client, packet, sizeof packet) == sizeof packet;
    }
    if (command == 'Q')
        return 0;
    return strchr("DA", command) || write(client, "\0\0\0\1c", 5) == 5;
}

/* 0: the connection is over. */
static int hear(int client)
{
    char *bytes = input[client].bytes;
    ssize_t count = read(client, bytes + input[client].filled, ROOM - input[client].filled);
    if (count <= 0)
        return 0;
    size_t filled = input[client].filled + count, at = 0;
    while (filled - at > 4) {
        uint32_t length;
        memcpy(&length, bytes + at, 4);
        length = ntohl(length);
        if (filled - at < 4 + (size_t)length)
            break;
        if (length == 0 || length > ROOM - 4 || !answer(client, bytes[at + 4]))
            return 0;
        at += 4 + length;
    }
    memmove(bytes, bytes + at, filled - at);
    input[client].filled = filled - at;
    return 1;
}

int main(int count, char **words)
{
    if (count != 3)
        return 64;
    steps = strtoul(words[2], NULL, 0);
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_port = htons(atoi(words[1])), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int listener = socket(AF_INET, SOCK_STREAM, 0), poll = epoll_create1(0), on = 1;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(listener, (struct sockaddr *)&here, sizeof here) || listen(listener, 1024)) {
        perror("idle_filter");
        return 71;
    }
    epoll_ctl(poll, EPOLL_CTL_ADD, listener, &(struct epoll_event){.events = EPOLLIN, .data.fd = listener});
    for (;;) {
        struct epoll_event event;
        if (epoll_wait(poll, &event, 1, -1) < 1)
            continue;
        int client = event.data.fd;
        if (client == listener) {
            client = accept(listener, NULL, NULL);
            if (client < 0 || client >= CLIENTS)
                return 71;
            setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
            if (!input[client].bytes)
                input[client].bytes = malloc(ROOM);
            input[client].filled = 0;
            epoll_ctl(poll, EPOLL_CTL_ADD, client, &(struct epoll_event){.events = EPOLLIN, .data.fd = client});
        } else if (!hear(client)) {
            close(client);
        }
    }
}
