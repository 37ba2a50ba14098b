/* story.h - an incident in plain words. */
#ifndef MM_INCIDENT_STORY_H
#define MM_INCIDENT_STORY_H

#include "analyze/incident/incidents.h"

/* Fills in->story from all the rest. */
void mm_incident_tell(struct mm_incidents *l, struct mm_incident *in);

#endif
