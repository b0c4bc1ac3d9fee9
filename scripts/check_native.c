/* Runs a SavedModel by TensorFlow's C library alone and compares what it gives with expected values.
 *
 *   check_native FOLDER CASES TOLERANCE [OP_LIBRARY ...]
 *
 * check_native.sh compiles and starts it. CASES is what check_native.py writes: for each run of a signature the line
 *   run SIGNATURE INPUTS OUTPUTS
 * and for each of its inputs and then of its outputs the line
 *   tensor NAME OPERATION INDEX DTYPE RANK SIZE...
 * followed by the values: numbers as they lie in memory, strings each with its length before it as a uint64.
 *
 * The exit status is 0 where every value is within TOLERANCE of the expected one, else 1.
 */

#define _POSIX_C_SOURCE 200809L

#include <sys/resource.h>
#include <time.h>

#include "check_native_values.h"

enum { MOST_TENSORS = 16, MOST_DIMENSIONS = 8, NAME_SIZE = 1024 };

typedef struct {
  char name[NAME_SIZE];
  TF_Output place;
  TF_Tensor *value; /* what is fed, or what is expected */
} Tensor;

static double seconds_now(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static double peak_mebibytes(void) {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return (double)usage.ru_maxrss / 1024; /* Linux counts in KiB */
}

static Tensor read_tensor(FILE *file, TF_Graph *graph, const char *signature) {
  Tensor tensor;
  char operation[NAME_SIZE];
  int index, dtype, rank;
  int64_t sizes[MOST_DIMENSIONS];
  int found = fscanf(file, " tensor %1023s %1023s %d %d %d", tensor.name, operation, &index, &dtype, &rank);
  if (found != 5 || rank < 0 || rank > MOST_DIMENSIONS) fail("the file of cases is damaged at signature %s", signature);
  for (int axis = 0; axis < rank; ++axis) {
    long long size;
    if (fscanf(file, "%lld", &size) != 1 || size < 0) fail("the file of cases is damaged at tensor %s", tensor.name);
    sizes[axis] = size;
  }
  if (fgetc(file) != '\n') fail("the file of cases is damaged at tensor %s", tensor.name);
  tensor.place.oper = TF_GraphOperationByName(graph, operation);
  tensor.place.index = index;
  if (tensor.place.oper == NULL) fail("%s of signature %s: the graph has no operation %s", tensor.name, signature, operation);
  tensor.value = read_values(file, (TF_DataType)dtype, sizes, rank);
  return tensor;
}

static void check_shape(const Tensor *output, const TF_Tensor *given, const char *signature) {
  int same = TF_TensorType(given) == TF_TensorType(output->value) && TF_NumDims(given) == TF_NumDims(output->value);
  for (int axis = 0; same && axis < TF_NumDims(given); ++axis)
    same = TF_Dim(given, axis) == TF_Dim(output->value, axis);
  if (!same) fail("%s of signature %s has another dtype or shape than Python's", output->name, signature);
}

/* Prints one line and returns whether the output is as expected. */
static int report(const char *signature, const Tensor *output, TF_Tensor *given, double tolerance) {
  check_shape(output, given, signature);
  Deviation deviation = compare(given, output->value);
  int passed = deviation.difference <= tolerance && deviation.strings == 0;
  char shape[64] = "[", cosine[48] = "", difference[48];
  for (int axis = 0; axis < TF_NumDims(given); ++axis) {
    size_t used = strlen(shape);
    snprintf(shape + used, sizeof shape - used, "%s%lld", axis > 0 ? ", " : "", (long long)TF_Dim(given, axis));
  }
  strncat(shape, "]", sizeof shape - strlen(shape) - 1);
  if (deviation.cosine <= 1.5) snprintf(cosine, sizeof cosine, "  smallest cosine %.7f", deviation.cosine);
  if (TF_TensorType(given) == TF_STRING)
    snprintf(difference, sizeof difference, "%lld other strings", (long long)deviation.strings);
  else
    snprintf(difference, sizeof difference, "largest difference %.1e", deviation.difference);
  printf("%-6s  %-16s %-12s %-11s %s%s\n", passed ? "ok" : "FAILED", signature, output->name, shape, difference, cosine);
  return passed;
}

/* Runs one signature once; returns how many of its outputs are not as expected, or −1 at the end of the file. */
static int run_case(FILE *file, TF_Session *session, TF_Graph *graph, double tolerance) {
  char signature[NAME_SIZE];
  int num_inputs, num_outputs, failed = 0;
  int found = fscanf(file, " run %1023s %d %d", signature, &num_inputs, &num_outputs);
  if (found == EOF) return -1;
  if (found != 3 || num_inputs < 1 || num_inputs > MOST_TENSORS || num_outputs < 1 || num_outputs > MOST_TENSORS)
    fail("the file of cases is damaged");
  Tensor inputs[MOST_TENSORS], outputs[MOST_TENSORS];
  TF_Output input_places[MOST_TENSORS], output_places[MOST_TENSORS];
  TF_Tensor *fed[MOST_TENSORS], *given[MOST_TENSORS];
  for (int i = 0; i < num_inputs; ++i) {
    inputs[i] = read_tensor(file, graph, signature);
    input_places[i] = inputs[i].place;
    fed[i] = inputs[i].value;
  }
  for (int i = 0; i < num_outputs; ++i) {
    outputs[i] = read_tensor(file, graph, signature);
    output_places[i] = outputs[i].place;
  }
  TF_Status *status = TF_NewStatus();
  TF_SessionRun(session, NULL, input_places, fed, num_inputs, output_places, given, num_outputs, NULL, 0, NULL, status);
  if (TF_GetCode(status) != TF_OK) fail("signature %s does not run: %s", signature, TF_Message(status));
  for (int i = 0; i < num_outputs; ++i) {
    failed += !report(signature, &outputs[i], given[i], tolerance);
    delete_tensor(given[i]);
    delete_tensor(outputs[i].value);
  }
  for (int i = 0; i < num_inputs; ++i) delete_tensor(fed[i]);
  TF_DeleteStatus(status);
  return failed;
}

/* Loads each library twice: a program that does so by mistake must not be aborted for it. */
static void load_op_libraries(char **paths, int number) {
  TF_Status *status = TF_NewStatus();
  for (int i = 0; i < 2 * number; ++i) {
    TF_LoadLibrary(paths[i % number], status);
    if (TF_GetCode(status) != TF_OK) fail("%s cannot be loaded: %s", paths[i % number], TF_Message(status));
  }
  printf("%d op libraries loaded, each twice\n", number);
  TF_DeleteStatus(status);
}

static TF_Session *load_model(const char *folder, TF_Graph *graph) {
  const char *tags[] = {"serve"};
  TF_Status *status = TF_NewStatus();
  TF_SessionOptions *options = TF_NewSessionOptions();
  double start = seconds_now();
  TF_Session *session = TF_LoadSessionFromSavedModel(options, NULL, folder, tags, 1, graph, NULL, status);
  if (TF_GetCode(status) != TF_OK) fail("%s cannot be loaded: %s", folder, TF_Message(status));
  printf("%s loaded in %.2f s\n", folder, seconds_now() - start);
  TF_DeleteSessionOptions(options);
  TF_DeleteStatus(status);
  return session;
}

int main(int number, char **arguments) {
  if (number < 4) fail("expected the arguments FOLDER CASES TOLERANCE [OP_LIBRARY ...]");
  FILE *file = fopen(arguments[2], "rb");
  if (file == NULL) fail("%s cannot be read", arguments[2]);
  printf("TensorFlow %s, without Python\n", TF_Version());
  load_op_libraries(arguments + 4, number - 4);
  TF_Graph *graph = TF_NewGraph();
  TF_Session *session = load_model(arguments[1], graph);
  int runs = 0, failed = 0, found;
  while ((found = run_case(file, session, graph, atof(arguments[3]))) >= 0) {
    failed += found;
    ++runs;
  }
  fclose(file);
  if (runs == 0) fail("the file of cases holds no run");
  printf("peak memory %.0f MiB\n", peak_mebibytes());
  TF_Status *status = TF_NewStatus();
  TF_DeleteSession(session, status);
  TF_DeleteGraph(graph);
  TF_DeleteStatus(status);
  if (failed > 0) fail("%d outputs are not within %s of Python's", failed, arguments[3]);
  printf("passed: %d runs are within %s of Python's\n", runs, arguments[3]);
  return 0;
}
