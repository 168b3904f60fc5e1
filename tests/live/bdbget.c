/* libdb's rate, to compare ours with: bdbget FILE.db KEYS COUNT [absent] looks random keys (first words of the
 * lines of KEYS) up and prints look-ups per second of processor time, as examples/lookups.rs does with our
 * reader. absent: keys with a byte more. build: cc -O2 bdbget.c -ldb (libdb5.3-dev) */
#include <db.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static double now(void)
{
	struct timespec at;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &at);
	return at.tv_sec + at.tv_nsec / 1e9;
}

static int look_up(DB *db, char *text, size_t size)
{
	DBT key = { 0 }, value = { 0 };

	key.data = text;
	key.size = size;
	return db->get(db, NULL, &key, &value, 0) == 0;
}

int main(int argc, char **argv)
{
	DB *db;
	FILE *keys;
	char line[4096], **words = NULL;
	char *text = NULL;
	size_t known = 0, room = 0, used = 0, space = 0, *sizes;
	long count, hits = 0;
	unsigned long number = 88172645463325252UL;
	double start;

	if (argc < 4 || argc > 5 || db_create(&db, NULL, 0) != 0
	    /* BDBGET_CACHE: bytes of libdb's cache; sendmail leaves it as it is (256 KiB) */
	    || (getenv("BDBGET_CACHE") && db->set_cachesize(db, 0, atoi(getenv("BDBGET_CACHE")), 1) != 0)
	    || db->open(db, NULL, argv[1], NULL, DB_UNKNOWN, DB_RDONLY, 0) != 0
	    || (keys = fopen(argv[2], "r")) == NULL) {
		fprintf(stderr, "usage: bdbget FILE.db KEYS COUNT [absent]\n");
		return 1;
	}
	while (fgets(line, sizeof line, keys)) {
		strcpy(line + strcspn(line, "\t \n"), argc > 4 ? "x" : "");
		if (known == room)
			words = realloc(words, (room = room * 2 + 1024) * sizeof *words);
		words[known++] = strdup(line);
	}
	count = atol(argv[3]);
	/* the keys in the order of asking, side by side: a key that is asked for has just been read by somebody */
	sizes = malloc(count * sizeof *sizes);
	for (long i = 0; i < count; i++) {
		number ^= number << 13;
		number ^= number >> 7;
		number ^= number << 17;
		sizes[i] = strlen(words[number % known]);
		if (used + sizes[i] > space)
			text = realloc(text, space = space * 2 + sizes[i]);
		memcpy(text + used, words[number % known], sizes[i]);
		used += sizes[i];
	}
	/* every page has been read once */
	for (size_t i = 0; i < known; i++)
		look_up(db, words[i], strlen(words[i]));
	start = now();
	for (long i = 0; i < count; text += sizes[i++])
		hits += look_up(db, text, sizes[i]);
	printf("%.0f lookups/s hits %ld of %ld\n", count / (now() - start), hits, count);
	return 0;
}
