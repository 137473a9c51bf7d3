/* The bucket of a well. */
#include <stdio.h>

static int depth = 14;

/* Each turn of the windlass lifts the bucket by the girth of an oak beam. */
int lift_bucket(int turns) {
  int lifted = turns * 2;
  return lifted > depth ? depth : lifted;
}

int main(void) {
  printf("%d\n", lift_bucket(3));
}
