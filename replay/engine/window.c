#include "replay/engine/window.h"
#include "replay/engine/num.h"

void
mm_window_init(struct mm_window *w, const struct mm_window_spec *spec)
{
	*w = (struct mm_window){
		.spec = spec,
		.size = spec->adaptive ? spec->init : spec->limit,
	};
}

static double
step(const struct mm_feedback *f, int64_t window)
{
	return f->per_window ? 1.0 / (double)window : f->fixed;
}

void
mm_window_revive(struct mm_window *w, int64_t n_flying)
{
	w->dead = false;
	w->size = n_flying > 0 ? n_flying : w->spec->init;
	w->succ = w->failc = 0;
}

void
mm_window_forget(struct mm_window *w)
{
	if (!w->spec->adaptive || w->dead)
		return;
	w->size = w->spec->init;
	w->succ = w->failc = w->cohort = 0;
}

void
mm_window_positive(struct mm_window *w, int64_t n_flying)
{
	double f;

	if (!w->spec->adaptive)
		return;
	w->cohort = 0;
	if (w->dead) {
		mm_window_revive(w, n_flying);
		return;
	}
	if (w->size >= w->spec->limit ||
	    w->size >= mm_num_add(n_flying, w->spec->init))
		return;
	f = step(&w->spec->positive, w->size);
	w->succ += f;
	while (w->succ + f / 2 >= 1) {
		w->size++;
		w->succ -= 1;
		w->failc = 0;
	}
	w->size = mm_num_min(w->size, w->spec->limit);
}

bool
mm_window_negative(struct mm_window *w, int64_t t_ms)
{
	double f;

	if (!w->spec->adaptive || w->dead)
		return false;
	w->cohort += 1.0 / (double)w->size;
	if (w->spec->cohort_limit > 0 && w->cohort >= w->spec->cohort_limit) {
		w->dead = true;
		w->size = 0;
		w->undead_ms = mm_num_add(t_ms, w->spec->dead_ms);
		return true;
	}
	f = step(&w->spec->negative, w->size);
	w->failc -= f;
	while (w->failc - f / 2 < 0) {
		w->size--;
		w->succ = 0;
		w->failc += 1;
	}
	w->size = mm_num_max(1, w->size);
	return false;
}
