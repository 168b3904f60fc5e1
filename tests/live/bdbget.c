/* libdb's rate, to compare ours with: bdbget FILE.db KEYS COUNT looks random keys (first words of the
 * lines of KEYS) up and prints look-ups per second. build: cc -O2 bdbget.c -ldb (libdb5.3-dev) */
#include <db.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static double now(void)
{
	struct timespec at;

	clock_gettime(CLOCK_MONOTONIC, &at);
	return at.tv_sec + at.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
	DB *db;
	FILE *keys;
	char line[4096], **words = NULL;
	size_t known = 0, room = 0;
	long count, hits = 0;
	unsigned long number = 88172645463325252UL;
	double start;

	if (argc != 4 || db_create(&db, NULL, 0) != 0
	    /* BDBGET_CACHE: bytes of libdb's cache; sendmail leaves it as it is (256 KiB) */
	    || (getenv("BDBGET_CACHE") && db->set_cachesize(db, 0, atoi(getenv("BDBGET_CACHE")), 1) != 0)
	    || db->open(db, NULL, argv[1], NULL, DB_UNKNOWN, DB_RDONLY, 0) != 0
	    || (keys = fopen(argv[2], "r")) == NULL) {
		fprintf(stderr, "usage: bdbget FILE.db KEYS COUNT\n");
		return 1;
	}
	while (fgets(line, sizeof line, keys)) {
		line[strcspn(line, "\t \n")] = '\0';
		if (known == room)
			words = realloc(words, (room = room * 2 + 1024) * sizeof *words);
		words[known++] = strdup(line);
	}
	count = atol(argv[3]);
	for (int pass = 0; pass < 2; pass++) {
		hits = 0;
		start = now();
		/* the first pass warms: every key once */
		for (long i = 0; i < (pass ? count : (long)known); i++) {
			DBT key = { 0 }, value = { 0 };

			number ^= number << 13;
			number ^= number >> 7;
			number ^= number << 17;
			key.data = words[pass ? number % known : (size_t)i];
			key.size = strlen(key.data);
			hits += db->get(db, NULL, &key, &value, 0) == 0;
		}
	}
	printf("%.0f lookups/s hits %ld of %ld\n", count / (now() - start), hits, count);
	return 0;
}
