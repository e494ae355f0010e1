/* A load generator for streams: one thread, one epoll set, no libraries.
 *
 *   stream_load --port P [--connections C] [--chunks N] [--key K] [--model M] [--ramp-ms R] [--deadline-s D]
 *
 * Opens C connections, evenly over R ms, asks each for one streamed chat completion, reads until [DONE], and compares the
 * send time in every chunk ("content":"t=123 ", CLOCK_MONOTONIC ns) with the moment at which it was read. Prints one line
 * of JSON. A stream counts as completed when it had status 200, all N timed chunks, [DONE] and the end of its body.
 * `cpu_s` and `turn_max_ms` (the longest time between two looks at the sockets) tell whether it was slow itself.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { HEAD_MAX = 16384, LINE_MAX_BYTES = 8192, EVENTS_MAX = 512, READ_BYTES = 65536 };

/* Where in the reply a connection is. */
enum place { IN_HEAD, IN_SIZE, IN_DATA, AFTER_DATA, IN_TRAILER, ENDED };

struct connection {
    int fd;
    int is_asked;
    enum place place;
    int status;
    size_t chunk_left;
    int trailer_len;
    int has_done, has_error;
    int timed_chunks;
    char *line;     /* the head, later one line of the event stream */
    size_t line_len;
};

static int epoll_fd, connections_wanted = 1000, chunks_wanted, port;
static const char *key = "bench-client-key", *model = "hermes-router";
static struct connection *connections;
static uint32_t *latencies_us;
static size_t latency_count, latency_room;
static int opened, ended, completed, connect_errors, status_errors, broken, error_events;
static int64_t first_read_ns, last_read_ns;

static void die(const char *what) { perror(what); exit(1); }

static int64_t now_ns(void) {
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

static void note_latency(int64_t ns) {
    if (latency_count == latency_room) {
        latency_room = latency_room ? latency_room * 2 : 65536;
        latencies_us = realloc(latencies_us, latency_room * sizeof *latencies_us);
        if (!latencies_us) die("realloc");
    }
    int64_t us = ns / 1000;
    latencies_us[latency_count++] = us < 0 ? 0 : us > UINT32_MAX ? UINT32_MAX : (uint32_t)us;
}

static void end(struct connection *c, int *counter) {
    if (c->fd < 0) return;
    close(c->fd);
    c->fd = -1;
    free(c->line);
    c->line = NULL;
    ended++;
    ++*counter;
}

static void finish(struct connection *c) {
    int whole = c->has_done && !c->has_error && c->timed_chunks > 0 && (!chunks_wanted || c->timed_chunks == chunks_wanted);
    if (c->status != 200) end(c, &status_errors);
    else if (c->has_error) end(c, &error_events);
    else end(c, whole ? &completed : &broken);
}

static void take_line(struct connection *c, int64_t read_at) {
    c->line[c->line_len] = 0;
    if (strncmp(c->line, "data: ", 6)) return;
    if (!strcmp(c->line, "data: [DONE]")) { c->has_done = 1; return; }
    const char *sent = strstr(c->line, "\"content\":\"t=");
    if (sent) {
        note_latency(read_at - strtoll(sent + 13, NULL, 10));
        c->timed_chunks++;
    } else if (strstr(c->line, "\"error\":")) {
        c->has_error = 1;
    }
}

static int take_text(struct connection *c, const char *data, size_t len, int64_t read_at) {
    while (len) {
        const char *newline = memchr(data, '\n', len);
        size_t part = newline ? (size_t)(newline - data) : len;
        if (c->line_len + part >= LINE_MAX_BYTES) return 0;
        memcpy(c->line + c->line_len, data, part);
        c->line_len += part;
        if (!newline) return 1;
        if (c->line_len && c->line[c->line_len - 1] == '\r') c->line_len--;
        take_line(c, read_at);
        c->line_len = 0;
        data += part + 1;
        len -= part + 1;
    }
    return 1;
}

/* Returns how many bytes belonged to the head, or 0 if it is no chunked HTTP reply. */
static size_t take_head(struct connection *c, const char *data, size_t len) {
    size_t before = c->line_len, part = len < HEAD_MAX - 1 - before ? len : HEAD_MAX - 1 - before;
    memcpy(c->line + before, data, part);
    c->line[before + part] = 0;
    char *blank = strstr(c->line, "\r\n\r\n");
    if (!blank) {
        c->line_len += part;
        return part == len ? len : 0;
    }
    size_t head = (size_t)(blank - c->line) + 4;
    *blank = 0;
    if (sscanf(c->line, "HTTP/1.1 %d", &c->status) != 1) return 0;
    if (c->status == 200 && !strcasestr(c->line, "\r\ntransfer-encoding: chunked")) return 0;
    c->line_len = 0;
    c->place = c->status == 200 ? IN_SIZE : ENDED;
    return head - before;
}

/* Decode the chunked body as far as it goes; 0 if it is malformed. */
static int take(struct connection *c, const char *data, size_t len, int64_t read_at) {
    while (len && c->place != ENDED) {
        size_t used = 1;
        switch (c->place) {
        case IN_HEAD:
            if (!(used = take_head(c, data, len))) return 0;
            break;
        case IN_SIZE: {
            char digit = *data;
            if (digit == '\n') {
                c->place = c->chunk_left ? IN_DATA : IN_TRAILER;
                c->trailer_len = 0;
            } else if (digit >= '0' && digit <= '9') c->chunk_left = c->chunk_left * 16 + (size_t)(digit - '0');
            else if (digit >= 'a' && digit <= 'f') c->chunk_left = c->chunk_left * 16 + (size_t)(digit - 'a' + 10);
            else if (digit >= 'A' && digit <= 'F') c->chunk_left = c->chunk_left * 16 + (size_t)(digit - 'A' + 10);
            else if (digit != '\r') return 0;
            break;
        }
        case IN_DATA:
            used = len < c->chunk_left ? len : c->chunk_left;
            if (!take_text(c, data, used, read_at)) return 0;
            c->chunk_left -= used;
            if (!c->chunk_left) c->place = AFTER_DATA;
            break;
        case AFTER_DATA:
            if (*data == '\n') c->place = IN_SIZE;
            else if (*data != '\r') return 0;
            break;
        case IN_TRAILER:
            if (*data == '\n' && !c->trailer_len) c->place = ENDED;
            else if (*data == '\n') c->trailer_len = 0;
            else if (*data != '\r') c->trailer_len++;
            break;
        case ENDED:
            break;
        }
        data += used;
        len -= used;
    }
    return 1;
}

static void read_reply(struct connection *c) {
    static char buffer[READ_BYTES];
    for (;;) {
        ssize_t got = recv(c->fd, buffer, sizeof buffer, 0);
        if (got < 0 && errno == EAGAIN) return;
        if (got <= 0) { end(c, &broken); return; }
        int64_t read_at = now_ns();
        if (!first_read_ns) first_read_ns = read_at;
        last_read_ns = read_at;
        if (!take(c, buffer, (size_t)got, read_at)) { end(c, &broken); return; }
        if (c->place == ENDED) { finish(c); return; }
    }
}

static void ask(struct connection *c) {
    char body[512], request[1024];
    int error = 0;
    socklen_t size = sizeof error;
    getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &size);
    if (error) { end(c, &connect_errors); return; }
    int body_len = snprintf(body, sizeof body,
        "{\"model\":\"%s\",\"stream\":true,\"messages\":[{\"role\":\"user\",\"content\":\"Count the time for me, please.\"}]}", model);
    int len = snprintf(request, sizeof request,
        "POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nAuthorization: Bearer %s\r\n"
        "Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", port, key, body_len, body);
    /* A fresh connection takes a few hundred bytes at once, or something is badly wrong. */
    if (send(c->fd, request, (size_t)len, MSG_NOSIGNAL) != len) { end(c, &connect_errors); return; }
    c->is_asked = 1;
    struct epoll_event event = {.events = EPOLLIN | EPOLLRDHUP, .data.ptr = c};
    if (epoll_ctl(epoll_fd, EPOLL_CTL_MOD, c->fd, &event) < 0) die("epoll_ctl");
}

static void open_next(void) {
    struct connection *c = &connections[opened++];
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    struct epoll_event event = {.events = EPOLLOUT, .data.ptr = c};
    int on = 1;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    c->line = malloc(HEAD_MAX);
    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (!c->line || c->fd < 0) die("socket");
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (connect(c->fd, (struct sockaddr *)&address, sizeof address) < 0 && errno != EINPROGRESS) {
        end(c, &connect_errors);
        return;
    }
    if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, c->fd, &event) < 0) die("epoll_ctl");
}

static int by_size(const void *a, const void *b) {
    uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;
    return left < right ? -1 : left > right;
}

static double percentile_ms(double share) {
    if (!latency_count) return 0;
    size_t at = (size_t)(share * (double)(latency_count - 1) + 0.5);
    return latencies_us[at] / 1000.0;
}

static void report(int64_t turn_max_ns) {
    size_t in_time = 0;
    struct rusage own;
    getrusage(RUSAGE_SELF, &own);
    double cpu_s = (double)(own.ru_utime.tv_sec + own.ru_stime.tv_sec) + (double)(own.ru_utime.tv_usec + own.ru_stime.tv_usec) / 1e6;
    if (latency_count) qsort(latencies_us, latency_count, sizeof *latencies_us, by_size);
    while (in_time < latency_count && latencies_us[in_time] <= 250000) in_time++;
    printf("{\"streams\":%d,\"completed\":%d,\"chunks\":%zu,\"p50_ms\":%.3f,\"p95_ms\":%.3f,\"p99_ms\":%.3f,\"max_ms\":%.3f,"
           "\"within_250ms\":%.6f,\"connect_errors\":%d,\"status_errors\":%d,\"error_events\":%d,\"broken\":%d,"
           "\"unfinished\":%d,\"reading_s\":%.3f,\"cpu_s\":%.3f,\"turn_max_ms\":%.3f}\n",
           connections_wanted, completed, latency_count, percentile_ms(0.5), percentile_ms(0.95), percentile_ms(0.99),
           percentile_ms(1), latency_count ? (double)in_time / (double)latency_count : 0, connect_errors, status_errors,
           error_events, broken, connections_wanted - ended, (double)(last_read_ns - first_read_ns) / 1e9, cpu_s,
           (double)turn_max_ns / 1e6);
}

int main(int argc, char **argv) {
    int ramp_ms = 1000, deadline_s = 60;
    for (int i = 1; i + 1 < argc; i += 2) {
        if (!strcmp(argv[i], "--port")) port = atoi(argv[i + 1]);
        else if (!strcmp(argv[i], "--connections")) connections_wanted = atoi(argv[i + 1]);
        else if (!strcmp(argv[i], "--chunks")) chunks_wanted = atoi(argv[i + 1]);
        else if (!strcmp(argv[i], "--key")) key = argv[i + 1];
        else if (!strcmp(argv[i], "--model")) model = argv[i + 1];
        else if (!strcmp(argv[i], "--ramp-ms")) ramp_ms = atoi(argv[i + 1]);
        else if (!strcmp(argv[i], "--deadline-s")) deadline_s = atoi(argv[i + 1]);
    }
    if (port < 1 || connections_wanted < 1 || ramp_ms < 0 || strlen(key) > 200 || strlen(model) > 200) {
        fprintf(stderr, "usage: stream_load --port P [--connections C] [--chunks N] [--key K] [--model M] "
                        "[--ramp-ms R] [--deadline-s D]\n");
        return 2;
    }
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    if (files.rlim_cur < (rlim_t)connections_wanted + 16) {
        fprintf(stderr, "only %llu open files are allowed here\n", (unsigned long long)files.rlim_cur);
        return 1;
    }
    signal(SIGPIPE, SIG_IGN);

    connections = calloc((size_t)connections_wanted, sizeof *connections);
    epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (!connections || epoll_fd < 0) die("epoll_create1");
    struct epoll_event events[EVENTS_MAX];
    int64_t began = now_ns(), deadline = began + (int64_t)deadline_s * 1000000000, turn_max = 0, turn_began = 0;
    while (ended < connections_wanted && now_ns() < deadline) {
        while (opened < connections_wanted
               && now_ns() - began >= (int64_t)opened * ramp_ms * 1000000 / connections_wanted) open_next();
        if (turn_began && now_ns() - turn_began > turn_max) turn_max = now_ns() - turn_began;
        int count = epoll_wait(epoll_fd, events, EVENTS_MAX, opened < connections_wanted ? 1 : 100);
        if (count < 0 && errno != EINTR) die("epoll_wait");
        turn_began = now_ns();
        for (int i = 0; i < count; i++) {
            struct connection *c = events[i].data.ptr;
            if (c->fd < 0) continue;
            if (!c->is_asked) ask(c); else read_reply(c);
        }
    }
    report(turn_max);
    return 0;
}
