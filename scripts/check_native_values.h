/* Tensors of check_native.c: read from the file of cases, and compared. */

#ifndef CHECK_NATIVE_VALUES_H_
#define CHECK_NATIVE_VALUES_H_

#include <math.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tensorflow/c/c_api.h"
#include "tensorflow/c/tf_tstring.h"

typedef struct {
  double difference; /* the largest; NaN counts as infinite */
  double cosine;     /* the smallest of two rows; 2 where there are no rows */
  int64_t strings;   /* those that are not as expected */
} Deviation;

static void fail(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  fputs("check_native: ", stderr);
  vfprintf(stderr, format, arguments);
  fputc('\n', stderr);
  va_end(arguments);
  exit(1);
}

static void *allocate(size_t size) {
  void *memory = malloc(size > 0 ? size : 1);
  if (memory == NULL) fail("there is no memory for %zu bytes", size);
  return memory;
}

static void read_exactly(FILE *file, void *target, size_t size) {
  if (fread(target, 1, size, file) != size) fail("the file of cases ends too early");
}

static int64_t number_of_elements(const TF_Tensor *tensor) {
  int64_t number = 1;
  for (int axis = 0; axis < TF_NumDims(tensor); ++axis) number *= TF_Dim(tensor, axis);
  return number;
}

static void delete_tensor(TF_Tensor *tensor) {
  if (TF_TensorType(tensor) == TF_STRING) {
    TF_TString *strings = TF_TensorData(tensor);
    for (int64_t i = 0; i < number_of_elements(tensor); ++i) TF_StringDealloc(&strings[i]);
  }
  TF_DeleteTensor(tensor);
}

static TF_Tensor *read_values(FILE *file, TF_DataType dtype, const int64_t *sizes, int rank) {
  size_t number = 1;
  for (int axis = 0; axis < rank; ++axis) number *= (size_t)sizes[axis];
  size_t size = number * (dtype == TF_STRING ? sizeof(TF_TString) : TF_DataTypeSize(dtype));
  TF_Tensor *tensor = TF_AllocateTensor(dtype, sizes, rank, size);
  if (tensor == NULL) fail("there is no memory for a tensor of %zu elements", number);
  if (dtype != TF_STRING) {
    read_exactly(file, TF_TensorData(tensor), size);
    return tensor;
  }
  TF_TString *strings = TF_TensorData(tensor);
  for (size_t i = 0; i < number; ++i) {
    uint64_t length;
    read_exactly(file, &length, sizeof length);
    char *bytes = allocate(length);
    read_exactly(file, bytes, length);
    TF_StringInit(&strings[i]);
    TF_StringCopy(&strings[i], bytes, length);
    free(bytes);
  }
  return tensor;
}

static double value_at(const TF_Tensor *tensor, int64_t i) {
  const void *values = TF_TensorData(tensor);
  switch (TF_TensorType(tensor)) {
    case TF_FLOAT: return ((const float *)values)[i];
    case TF_DOUBLE: return ((const double *)values)[i];
    case TF_INT32: return ((const int32_t *)values)[i];
    case TF_INT64: return (double)((const int64_t *)values)[i];
    default: fail("outputs of the dtype %d are not compared here", (int)TF_TensorType(tensor));
  }
  return NAN;
}

static double cosine_of_rows(const TF_Tensor *left, const TF_Tensor *right, int64_t row, int64_t width) {
  double dot = 0, left_square = 0, right_square = 0;
  for (int64_t i = row * width; i < (row + 1) * width; ++i) {
    double a = value_at(left, i), b = value_at(right, i);
    dot += a * b;
    left_square += a * a;
    right_square += b * b;
  }
  if (left_square == 0 && right_square == 0) return 1;
  return dot / sqrt(left_square * right_square);
}

static int64_t count_other_strings(const TF_Tensor *given, const TF_Tensor *expected) {
  const TF_TString *left = TF_TensorData(given), *right = TF_TensorData(expected);
  int64_t others = 0;
  for (int64_t i = 0; i < number_of_elements(expected); ++i) {
    size_t length = TF_StringGetSize(&left[i]);
    others += length != TF_StringGetSize(&right[i]) ||
              memcmp(TF_StringGetDataPointer(&left[i]), TF_StringGetDataPointer(&right[i]), length) != 0;
  }
  return others;
}

static Deviation compare(const TF_Tensor *given, const TF_Tensor *expected) {
  Deviation deviation = {0, 2, 0};
  if (TF_TensorType(given) == TF_STRING) {
    deviation.strings = count_other_strings(given, expected);
    return deviation;
  }
  for (int64_t i = 0; i < number_of_elements(expected); ++i) {
    double difference = fabs(value_at(given, i) - value_at(expected, i));
    deviation.difference = fmax(deviation.difference, isnan(difference) ? INFINITY : difference);
  }
  if (TF_NumDims(expected) == 2)
    for (int64_t row = 0; row < TF_Dim(expected, 0); ++row) {
      double cosine = cosine_of_rows(given, expected, row, TF_Dim(expected, 1));
      deviation.cosine = fmin(deviation.cosine, isnan(cosine) ? -INFINITY : cosine);
    }
  return deviation;
}

#endif  /* CHECK_NATIVE_VALUES_H_ */
