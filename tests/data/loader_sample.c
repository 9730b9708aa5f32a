/* One of each thing that the object loader must handle. Made into loader_sample.o by
   clang-19 -O2 -fPIC -fno-asynchronous-unwind-tables -fno-ident -fno-addrsig -c loader_sample.c */
#include <stddef.h>
void* memset(void*, int, size_t);
void* memcpy(void*, const void*, size_t);

/* PC32 to constants in another section */
double weight(int i) {
  static const double weights[] = {0.5, 1.5, 2.5, 3.5, 4.5, 5.5};
  return weights[i];
}

/* PLT32 to a foreign function */
__attribute__((noinline)) void clear(void* bytes, size_t n) { memset(bytes, 0, n); }

/* GOTPCREL: the address of a foreign function as a value */
void* address_of_memcpy(void) { return (void*)memcpy; }

/* 64: a table of addresses, relocated constants */
typedef double (*Function)(int);
static double twice(int i) { return 2 * weight(i); }
Function function(int i) {
  static const Function functions[] = {weight, twice};
  return functions[i];
}
