/* A libpam of the tests' own: the user's name says what becomes of the question. alice's password is "secret".
   It has the types and numbers of Linux-PAM's binary interface, of which nothing is included: headers need not be there. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct message { int style; const char *text; };
struct response { char *text; int code; };
struct conversation {
    int (*talk)(int, const struct message **, struct response **, void *);
    void *data;
};
struct handle { char *user; const struct conversation *conversation; };

int pam_start(const char *service, const char *user, const struct conversation *conversation, struct handle **handle)
{
    if (strcmp(service, "smtp") != 0 || strcmp(user, "no-start") == 0)
        return 26;
    *handle = malloc(sizeof **handle);
    (*handle)->user = strdup(user);
    (*handle)->conversation = conversation;
    return 0;
}

/* A note, the echoed question for the name, the other one for the password, all at once. */
static int talk(struct handle *handle)
{
    const struct message note = {4, "hello"}, name = {2, "login: "}, password = {1, "Password: "};
    const struct message *all[] = {&note, &name, &password};
    struct response *said = NULL;
    int result = handle->conversation->talk(3, all, &said, handle->conversation->data), at, good;
    if (result != 0)
        return result;
    good = !said[0].text && !strcmp(said[1].text, handle->user) && !strcmp(said[2].text, "secret");
    for (at = 0; at < 3; at++)
        free(said[at].text);
    free(said);
    return good ? 0 : 7;
}

int pam_authenticate(struct handle *handle, int flags)
{
    struct response *said = NULL;
    (void)flags;
    if (!strcmp(handle->user, "crash"))
        *(volatile int *)16 = 1;
    if (!strcmp(handle->user, "leaves")) {
        puts("pam_acct_mgmt: Success");
        exit(0);
    }
    if (!strcmp(handle->user, "away"))
        return 9;
    if (!strcmp(handle->user, "greedy"))
        return handle->conversation->talk(33, NULL, &said, handle->conversation->data);
    return talk(handle);
}

int pam_acct_mgmt(struct handle *handle, int flags)
{
    (void)flags;
    return strcmp(handle->user, "expired") == 0 ? 13 : 0;
}

int pam_end(struct handle *handle, int status)
{
    (void)status;
    free(handle->user);
    free(handle);
    return 0;
}

const char *pam_strerror(struct handle *handle, int code)
{
    static char text[32];
    (void)handle;
    snprintf(text, sizeof text, "result %d", code);
    return text;
}
