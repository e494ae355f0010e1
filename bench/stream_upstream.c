/* An upstream that streams chat completions: one thread, one epoll set, no libraries.
 *
 *   stream_upstream [--port P] [--chunks N] [--interval-ms M]
 *
 * Prints its port, then answers every POST with a chunked SSE stream: a role chunk at once, then N content chunks, one
 * every M ms, each carrying the CLOCK_MONOTONIC time in nanoseconds at which it was handed to the kernel
 * ("content":"t=123 "), then a finish chunk, a usage chunk, [DONE]. Any other request gets a list of one model.
 * Connections are spread evenly over the M milliseconds of an interval, so that chunks leave in a steady flow and not in
 * one burst. Connections are kept alive. SIGTERM ends it.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { REQUEST_MAX = 256 * 1024, BACKLOG_MAX = 1024 * 1024, EVENTS_MAX = 512, INTERVAL_MAX_MS = 10000 };

struct connection {
    int fd;
    int streaming;             /* content chunks are being sent */
    int chunks_left;
    int slot;                  /* the millisecond of the interval in which its chunks leave */
    struct connection *next;   /* in its slot */
    struct connection *prev;
    char *request;             /* what was read and not answered yet */
    size_t request_len;
    char *backlog;             /* what the kernel did not take yet */
    size_t backlog_len;
    size_t backlog_sent;
};

static const char ROLE_CHUNK[] =
    "data: {\"id\":\"chatcmpl-bench\",\"object\":\"chat.completion.chunk\",\"created\":1790000000,\"model\":\"bench-model\","
    "\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"},\"logprobs\":null,\"finish_reason\":null}]}\n\n";
static const char TIMED_CHUNK[] =
    "data: {\"id\":\"chatcmpl-bench\",\"object\":\"chat.completion.chunk\",\"created\":1790000000,\"model\":\"bench-model\","
    "\"choices\":[{\"index\":0,\"delta\":{\"content\":\"t=%lld \"},\"logprobs\":null,\"finish_reason\":null}]}\n\n";
static const char FINISH_CHUNK[] =
    "data: {\"id\":\"chatcmpl-bench\",\"object\":\"chat.completion.chunk\",\"created\":1790000000,\"model\":\"bench-model\","
    "\"choices\":[{\"index\":0,\"delta\":{},\"logprobs\":null,\"finish_reason\":\"stop\"}]}\n\n";
static const char USAGE_CHUNK[] =
    "data: {\"id\":\"chatcmpl-bench\",\"object\":\"chat.completion.chunk\",\"created\":1790000000,\"model\":\"bench-model\","
    "\"choices\":[],\"usage\":{\"prompt_tokens\":12,\"completion_tokens\":%d,\"total_tokens\":%d}}\n\n";
static const char DONE[] = "data: [DONE]\n\n";
static const char STREAM_HEAD[] =
    "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\ncache-control: no-cache\r\n"
    "transfer-encoding: chunked\r\n\r\n";
static const char MODELS[] =
    "{\"object\":\"list\",\"data\":[{\"id\":\"bench-model\",\"object\":\"model\",\"created\":1790000000,\"owned_by\":\"bench\"}]}";

static int epoll_fd, chunks_per_stream = 200, interval_ms = 100, next_slot;
static struct connection *slots[INTERVAL_MAX_MS];

static void die(const char *what) { perror(what); exit(1); }

static int64_t now_ns(void) {
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

static void watch(struct connection *c, int op, uint32_t events) {
    struct epoll_event event = {.events = events, .data.ptr = c};
    if (epoll_ctl(epoll_fd, op, c->fd, &event) < 0) die("epoll_ctl");
}

static void leave_slot(struct connection *c) {
    if (!c->streaming) return;
    c->streaming = 0;
    if (c->prev) c->prev->next = c->next; else slots[c->slot] = c->next;
    if (c->next) c->next->prev = c->prev;
    c->next = c->prev = NULL;
}

static void enter_slot(struct connection *c) {
    c->streaming = 1;
    c->slot = next_slot;
    /* 37 is prime to every interval in use: neighbours in time of connecting are no neighbours in time of sending. */
    next_slot = (next_slot + 37) % interval_ms;
    c->prev = NULL;
    c->next = slots[c->slot];
    if (c->next) c->next->prev = c;
    slots[c->slot] = c;
}

/* Closed descriptors stay in the batch of events that is being worked on, so freeing waits for its end. */
static struct connection *doomed;

static void drop(struct connection *c) {
    if (c->fd < 0) return;
    leave_slot(c);
    close(c->fd);
    c->fd = -1;
    c->next = doomed;
    doomed = c;
}

static void bury(void) {
    while (doomed) {
        struct connection *c = doomed;
        doomed = c->next;
        free(c->request);
        free(c->backlog);
        free(c);
    }
}

static void keep_for_later(struct connection *c, const char *data, size_t len) {
    if (c->backlog_len + len > BACKLOG_MAX) { drop(c); return; }
    char *grown = realloc(c->backlog, c->backlog_len + len);
    if (!grown) die("realloc");
    memcpy(grown + c->backlog_len, data, len);
    c->backlog = grown;
    if (!c->backlog_len) watch(c, EPOLL_CTL_MOD, EPOLLIN | EPOLLOUT | EPOLLRDHUP);
    c->backlog_len += len;
}

static void send_bytes(struct connection *c, const char *data, size_t len) {
    if (c->fd < 0) return;
    if (c->backlog_len) { keep_for_later(c, data, len); return; }
    ssize_t sent = send(c->fd, data, len, MSG_NOSIGNAL);
    if (sent < 0) {
        if (errno != EAGAIN) { drop(c); return; }
        sent = 0;
    }
    if ((size_t)sent < len) keep_for_later(c, data + sent, len - (size_t)sent);
}

static void send_backlog(struct connection *c) {
    ssize_t sent = send(c->fd, c->backlog + c->backlog_sent, c->backlog_len - c->backlog_sent, MSG_NOSIGNAL);
    if (sent < 0) {
        if (errno != EAGAIN) drop(c);
        return;
    }
    c->backlog_sent += (size_t)sent;
    if (c->backlog_sent < c->backlog_len) return;
    free(c->backlog);
    c->backlog = NULL;
    c->backlog_len = c->backlog_sent = 0;
    watch(c, EPOLL_CTL_MOD, EPOLLIN | EPOLLRDHUP);
}

static size_t http_chunk(char *out, size_t room, const char *data, size_t len) {
    return (size_t)snprintf(out, room, "%zx\r\n%.*s\r\n", len, (int)len, data);
}

static void begin_stream(struct connection *c) {
    char out[1024];
    size_t len = sizeof STREAM_HEAD - 1;
    memcpy(out, STREAM_HEAD, len);
    len += http_chunk(out + len, sizeof out - len, ROLE_CHUNK, sizeof ROLE_CHUNK - 1);
    c->chunks_left = chunks_per_stream;
    enter_slot(c);
    send_bytes(c, out, len);
}

static void serve_requests(struct connection *c);

static void send_next_chunk(struct connection *c) {
    char event[512], out[2048];
    size_t len = (size_t)snprintf(event, sizeof event, TIMED_CHUNK, (long long)now_ns());
    len = http_chunk(out, sizeof out, event, len);
    if (--c->chunks_left > 0) { send_bytes(c, out, len); return; }
    leave_slot(c);
    send_bytes(c, out, len);
    size_t usage = (size_t)snprintf(event, sizeof event, USAGE_CHUNK, chunks_per_stream, chunks_per_stream + 12);
    len = http_chunk(out, sizeof out, FINISH_CHUNK, sizeof FINISH_CHUNK - 1);
    len += http_chunk(out + len, sizeof out - len, event, usage);
    len += http_chunk(out + len, sizeof out - len, DONE, sizeof DONE - 1);
    len += (size_t)snprintf(out + len, sizeof out - len, "0\r\n\r\n");
    send_bytes(c, out, len);
    if (c->fd >= 0) serve_requests(c);
}

static void send_models(struct connection *c) {
    char out[512];
    int len = snprintf(out, sizeof out, "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %zu\r\n\r\n%s",
                       sizeof MODELS - 1, MODELS);
    send_bytes(c, out, (size_t)len);
}

/* The length of the first request in the buffer, or 0 while it is not whole. Bodies come with a Content-Length. */
static size_t whole_request(const struct connection *c) {
    char *end = memmem(c->request, c->request_len, "\r\n\r\n", 4);
    if (!end) return 0;
    size_t length = (size_t)(end - c->request) + 4, body = 0;
    for (char *line = c->request; line < end; line = memmem(line, (size_t)(end + 2 - line), "\r\n", 2), line += 2) {
        if (!strncasecmp(line, "content-length:", 15)) body = strtoul(line + 15, NULL, 10);
    }
    return length + body <= c->request_len ? length + body : 0;
}

static void serve_requests(struct connection *c) {
    size_t length;
    while (c->fd >= 0 && !c->streaming && (length = whole_request(c))) {
        int is_post = !strncmp(c->request, "POST ", 5);
        c->request_len -= length;
        memmove(c->request, c->request + length, c->request_len);
        if (is_post) begin_stream(c); else send_models(c);
    }
}

static void read_requests(struct connection *c) {
    static char buffer[65536];
    for (;;) {
        ssize_t got = recv(c->fd, buffer, sizeof buffer, 0);
        if (got < 0 && errno == EAGAIN) break;
        if (got <= 0 || c->request_len + (size_t)got > REQUEST_MAX) { drop(c); return; }
        char *grown = realloc(c->request, c->request_len + (size_t)got + 1);
        if (!grown) die("realloc");
        c->request = grown;
        memcpy(c->request + c->request_len, buffer, (size_t)got);
        c->request_len += (size_t)got;
        c->request[c->request_len] = 0;
    }
    serve_requests(c);
}

static void accept_all(int listener) {
    for (;;) {
        int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC), on = 1;
        if (fd < 0) {
            if (errno != EAGAIN) perror("accept");
            return;
        }
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        struct connection *c = calloc(1, sizeof *c);
        if (!c) die("calloc");
        c->fd = fd;
        watch(c, EPOLL_CTL_ADD, EPOLLIN | EPOLLRDHUP);
    }
}

static int listen_on(int port) {
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), on = 1;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    socklen_t size = sizeof address;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, size) < 0 || listen(fd, 4096) < 0) die("listen");
    getsockname(fd, (struct sockaddr *)&address, &size);
    printf("%d\n", ntohs(address.sin_port));
    fflush(stdout);
    return fd;
}

static void send_slot(int slot) {
    for (struct connection *c = slots[slot], *next; c; c = next) {
        next = c->next;
        send_next_chunk(c);
    }
}

int main(int argc, char **argv) {
    int port = 0;
    for (int i = 1; i + 1 < argc; i += 2) {
        if (!strcmp(argv[i], "--port")) port = atoi(argv[i + 1]);
        else if (!strcmp(argv[i], "--chunks")) chunks_per_stream = atoi(argv[i + 1]);
        else if (!strcmp(argv[i], "--interval-ms")) interval_ms = atoi(argv[i + 1]);
    }
    if (chunks_per_stream < 1 || interval_ms < 1 || interval_ms > INTERVAL_MAX_MS) {
        fprintf(stderr, "chunks and interval-ms must be at least 1, interval-ms at most %d\n", INTERVAL_MAX_MS);
        return 2;
    }
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    signal(SIGPIPE, SIG_IGN);

    epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (epoll_fd < 0) die("epoll_create1");
    int listener = listen_on(port);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL}, events[EVENTS_MAX];
    if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, listener, &event) < 0) die("epoll_ctl");

    int64_t ticks = 0, began = now_ns();
    for (;;) {
        int64_t due = began + (ticks + 1) * 1000000, wait_ns = due - now_ns();
        struct timespec wait = {.tv_nsec = wait_ns > 0 ? wait_ns : 0};
        int count = epoll_pwait2(epoll_fd, events, EVENTS_MAX, &wait, NULL);
        if (count < 0 && errno != EINTR) die("epoll_pwait2");
        for (int i = 0; i < count; i++) {
            struct connection *c = events[i].data.ptr;
            if (!c) { accept_all(listener); continue; }
            if (c->fd >= 0 && events[i].events & EPOLLOUT) send_backlog(c);
            if (c->fd >= 0 && events[i].events & ~(uint32_t)EPOLLOUT) read_requests(c);
        }
        while (now_ns() >= began + (ticks + 1) * 1000000) send_slot((int)(++ticks % interval_ms));
        bury();
    }
}
