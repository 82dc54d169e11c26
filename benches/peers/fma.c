// The machine's peak of multiply-adds, in registers only: what a kernel's rate is a share of. x86-64 with AVX-512.
//
//     cc -O2 -fopenmp fma.c -o /tmp/fma && /tmp/fma
//
// Prints a JSON line for one thread and one for two; a multiply-add counts as two operations.
#include <omp.h>
#include <stdio.h>

static const long ITERATIONS = 20000000;
// 12 independent registers of 16 floats, 2 operations each.
static const double OPERATIONS = 12 * 16 * 2;

int main(void) {
    for (int threads = 1; threads <= 2; threads++) {
        double best = 0;
        omp_set_num_threads(threads);
        for (int round = 0; round < 7; round++) {
            double started = omp_get_wtime();
#pragma omp parallel
            __asm__ volatile(
                "mov %0, %%rcx\n"
                "1:\n"
                "vfmadd231ps %%zmm30, %%zmm31, %%zmm0\n"
                "vfmadd231ps %%zmm30, %%zmm31, %%zmm1\n"
                "vfmadd231ps %%zmm30, %%zmm31, %%zmm2\n"
                "vfmadd231ps %%zmm30, %%zmm31, %%zmm3\n"
                "vfmadd231ps %%zmm30, %%zmm31, %%zmm4\n"
                "vfmadd231ps %%zmm30, %%zmm31, %%zmm5\n"
                "vfmadd231ps %%zmm30, %%zmm31, %%zmm6\n"
                "vfmadd231ps %%zmm30, %%zmm31, %%zmm7\n"
                "vfmadd231ps %%zmm30, %%zmm31, %%zmm8\n"
                "vfmadd231ps %%zmm30, %%zmm31, %%zmm9\n"
                "vfmadd231ps %%zmm30, %%zmm31, %%zmm10\n"
                "vfmadd231ps %%zmm30, %%zmm31, %%zmm11\n"
                "dec %%rcx\n"
                "jnz 1b\n" ::"r"(ITERATIONS)
                : "rcx", "cc", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9",
                  "xmm10", "xmm11");
            double rate = threads * ITERATIONS * OPERATIONS / (omp_get_wtime() - started) / 1e9;
            if (rate > best) best = rate;
        }
        printf("{\"threads\": %d, \"avx512_peak_gflops\": %.1f}\n", threads, best);
    }
}
