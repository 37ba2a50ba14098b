/* The page of a report in a real browser: tests/browser/report_browser.py
 * clicks and reads. That it notices a broken page is shown too. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/report_fixture.h"

static char folder[] = "/tmp/test_report_page.XXXXXX";
static char file[64];

static int
set_up(void **state)
{
	(void)state;
	if (mkdtemp(folder) == NULL)
		return -1;
	(void)snprintf(file, sizeof(file), "%s/report.html", folder);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	return unlink(file) == 0 && rmdir(folder) == 0 ? 0 : -1;
}

/* Exit status of the browser's script; quiet when it is to fail. */
static int
browse(bool quiet)
{
	int status = -1;
	pid_t child;

	(void)fflush(stdout);
	child = fork();
	if (child == 0) {
		if (quiet && (freopen("/dev/null", "w", stdout) == NULL ||
			      freopen("/dev/null", "w", stderr) == NULL))
			_exit(3);
		(void)execlp("python3", "python3", "-B",
			     "tests/browser/report_browser.py", file,
			     (char *)NULL);
		_exit(2);
	}
	assert_true(child > 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

/* The page with `from` (once in it) replaced by `to` of the same length. */
static void
write_page(const char *from, const char *to)
{
	struct mm_report *r = fixture_report(40);
	struct mm_buf b;
	FILE *f = fopen(file, "wb");
	char *at;

	mm_buf_init(&b, 64 << 20);
	mm_report_html(r, &b);
	at = from != NULL ? strstr(b.p, from) : NULL;
	if (from != NULL) {
		assert_non_null(at);
		memcpy(at, to, strlen(to));
	}
	assert_non_null(f);
	assert_int_equal(fwrite(b.p, 1, b.n, f), b.n);
	assert_int_equal(fclose(f), 0);
	mm_buf_fini(&b);
	mm_report_free(r);
}

static void
test_page(void **state)
{
	(void)state;
	write_page(NULL, NULL);
	assert_int_equal(browse(false), 0);
}

/* One byte of the script changed: the browser refuses to run it. */
static void
test_broken_is_noticed(void **state)
{
	(void)state;
	write_page("'use strict';\n\nvar ROWS", "'use strict';\n\tvar ROWS");
	assert_int_equal(browse(true), 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_page),
		cmocka_unit_test(test_broken_is_noticed),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
