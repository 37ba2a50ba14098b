#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "formats/base/mem.h"
#include "formats/base/whole.h"

#define NAME_MAX_BYTES 4096

/* Read by a signal handler, hence global, fixed in size and volatile. */
static char names[MM_WHOLE_MAX][NAME_MAX_BYTES];
static volatile sig_atomic_t used[MM_WHOLE_MAX];

void
mm_whole_remember(const char *temp)
{
	size_t n = strlen(temp);

	for (size_t i = 0; i < MM_WHOLE_MAX; i++)
		if (!used[i] && n < NAME_MAX_BYTES) {
			memcpy(names[i], temp, n + 1);
			used[i] = 1;
			return;
		}
}

void
mm_whole_forget(const char *temp)
{
	for (size_t i = 0; i < MM_WHOLE_MAX; i++)
		if (used[i] && strcmp(names[i], temp) == 0)
			used[i] = 0;
}

static void
on_signal(int sig)
{
	for (size_t i = 0; i < MM_WHOLE_MAX; i++)
		if (used[i])
			(void)unlink(names[i]);
	(void)raise(sig); /* SA_RESETHAND: now the default action */
}

void
mm_whole_catch_signals(void)
{
	struct sigaction sa = { .sa_handler = on_signal,
				.sa_flags = (int)SA_RESETHAND };

	(void)sigemptyset(&sa.sa_mask);
	(void)sigaction(SIGINT, &sa, NULL);
	(void)sigaction(SIGTERM, &sa, NULL);
	(void)sigaction(SIGHUP, &sa, NULL);
	/* A limit on file sizes is a disk that is full: an error, no death. */
	(void)signal(SIGXFSZ, SIG_IGN);
	(void)sigaction(SIGPIPE, &sa, NULL);
}

/* Devices, pipes and sockets are written as they are: a rename would put a
 * file in the place of /dev/null. */
static bool
is_special(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && !S_ISREG(st.st_mode) &&
	       !S_ISDIR(st.st_mode);
}

/* A case; no result may take its place. */
static bool
is_database(const char *path)
{
	static const char magic[] = "SQLite format 3"; /* and its NUL */
	char head[sizeof(magic)] = "";
	FILE *f = fopen(path, "rb");
	bool is = f != NULL &&
	          fread(head, 1, sizeof(head), f) == sizeof(head) &&
	          memcmp(head, magic, sizeof(magic)) == 0;

	if (f != NULL)
		(void)fclose(f);
	return is;
}

enum mm_status
mm_whole_open(struct mm_whole *w, const char *path, struct mm_err *err)
{
	size_t n = strlen(path);
	int fd;

	*w = (struct mm_whole){ .f = stdout };
	if (strcmp(path, "-") == 0)
		return MM_OK;
	if (!is_special(path) && is_database(path))
		return mm_err_set(err, MM_EUSAGE,
		                  "%s: this is a case; give the result "
		                  "another name",
		                  path);
	w->path = mm_strdup(path);
	if (is_special(path)) {
		fd = open(path, O_WRONLY | O_CLOEXEC);
	} else {
		w->temp = mm_alloc(n + 12);
		(void)snprintf(w->temp, n + 12, "%s.tmpXXXXXX", path);
		fd = mkstemp(w->temp);
	}
	w->f = fd >= 0 ? fdopen(fd, "wb") : NULL;
	if (w->f == NULL) {
		int why = errno;

		if (fd >= 0)
			(void)close(fd);
		mm_whole_abort(w);
		return mm_err_set(err, MM_EIO, "%s: cannot write here: %s",
				  path, strerror(why));
	}
	if (w->temp != NULL)
		mm_whole_remember(w->temp);
	return MM_OK;
}

enum mm_status
mm_whole_commit(struct mm_whole *w, struct mm_err *err)
{
	const char *name = w->path != NULL ? w->path : "standard output";
	int bad = ferror(w->f) || fflush(w->f) != 0;

	if (w->path == NULL)
		return bad ? mm_err_set(err, MM_EIO, "%s: cannot write: %s",
					name, strerror(errno))
			   : MM_OK;
	bad = bad || (w->temp != NULL && (fchmod(fileno(w->f), 0644) != 0 ||
					  fsync(fileno(w->f)) != 0));
	bad = fclose(w->f) != 0 || bad;
	w->f = NULL;
	bad = bad || (w->temp != NULL && rename(w->temp, w->path) != 0);
	if (bad)
		(void)mm_err_set(err, MM_EIO, "%s: cannot write: %s%s", name,
				 strerror(errno),
				 w->temp != NULL
				     ? "; what was there before is untouched"
				     : "");
	else if (w->temp != NULL) {
		mm_whole_forget(w->temp);
		free(w->temp);
		w->temp = NULL;
	}
	mm_whole_abort(w);
	return bad ? MM_EIO : MM_OK;
}

void
mm_whole_abort(struct mm_whole *w)
{
	if (w->path != NULL && w->f != NULL)
		(void)fclose(w->f);
	if (w->temp != NULL) {
		(void)unlink(w->temp);
		mm_whole_forget(w->temp);
	}
	free(w->path);
	free(w->temp);
	*w = (struct mm_whole){ 0 };
}

enum mm_status
mm_whole_read(const char *path, struct mm_buf *text, struct mm_err *err)
{
	FILE *f = strcmp(path, "-") == 0 ? stdin : fopen(path, "rb");
	char block[65536];
	bool failed;
	size_t n;

	if (f == NULL)
		return mm_err_set(err, MM_EIO, "%s: %s", path, strerror(errno));
	while ((n = fread(block, 1, sizeof(block), f)) > 0)
		mm_buf_add(text, block, n);
	failed = ferror(f) != 0;
	if (failed)
		(void)mm_err_set(err, MM_EIO, "%s: %s", path, strerror(errno));
	if (f != stdin)
		(void)fclose(f);
	if (failed)
		return MM_EIO;
	if (text->over)
		return mm_err_set(err, MM_ELIMIT, "%s: larger than %zu MB",
				  path, text->max_bytes >> 20);
	return MM_OK;
}
