#include <string.h>

#include "formats/base/data.h"

struct mm_str
mm_data(const char *path)
{
	for (const struct mm_data *d = mm_data_list; d->path != NULL; d++)
		if (strcmp(d->path, path) == 0)
			return (struct mm_str){ (const char *)d->bytes,
				                d->n_bytes };
	return MM_STR_ABSENT;
}
