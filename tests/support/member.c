#include "member.h"

#include "rig.h"

void member_open(struct member *member, const char *url)
{
    trail_init(&member->events);
    tern_conn_options options = {
        .url = url, .reconnect_min_ms = 1, .reconnect_max_ms = 20, .on_event = trail_take, .event_arg = &member->events
    };
    tern_error err = { .status = TERN_OK };
    check_ok(tern_connect(&options, &member->conn, &err));
}

void member_close(struct member *member)
{
    tern_conn_free(member->conn);
    check_trail_in_order(&member->events);
    trail_destroy(&member->events);
}

void check_is_at(struct member *member, const char *url)
{
    char at[128];
    tern_conn_server(member->conn, at, sizeof at);
    check_str(at, url);
}

void check_is_not_at(struct member *member, const char *url)
{
    char at[128];
    tern_conn_server(member->conn, at, sizeof at);
    cr_assert(at[0] != '\0' && strcmp(at, url) != 0, "the connection is at \"%s\"", at);
}
