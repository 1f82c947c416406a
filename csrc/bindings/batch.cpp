// SPDX-License-Identifier: Apache-2.0
#include "batch.hpp"

#include <array>
#include <string>
#include <utility>

#include "query_sample.hpp"

namespace loadgen::bindings {

namespace {

struct BatchObject {
  PyObject_HEAD PyObject* engine_object;
  Engine* engine;
  RowRange rows;
};

PyTypeObject* batch_type = nullptr;

// Freed objects for the next query; the interpreter's lock guards it.
constexpr std::size_t kFreeListSize = 64;
std::array<BatchObject*, kFreeListSize> free_list;
std::size_t n_free = 0;

BatchObject* as_batch(PyObject* object) noexcept { return reinterpret_cast<BatchObject*>(object); }

void batch_dealloc(PyObject* self) {
  BatchObject* batch = as_batch(self);
  Py_CLEAR(batch->engine_object);
  if (n_free < kFreeListSize) {
    free_list[n_free++] = batch;
    return;  // keeps its reference to the type
  }
  PyTypeObject* type = Py_TYPE(self);
  PyObject_Free(self);
  Py_DECREF(type);
}

Instant now_of(const BatchObject* batch) noexcept { return batch->engine->record().clock().now(); }

// Named arguments in the order of `names`; None where absent. False with a Python error set.
template <std::size_t N>
bool parse(const char* method, const std::array<const char*, N>& names, PyObject* const* args, Py_ssize_t n_args,
           PyObject* keywords, std::array<PyObject*, N>& values) {
  if (std::cmp_greater(n_args, N)) {
    PyErr_Format(PyExc_TypeError, "Batch.%s() takes at most %zu arguments, got %zd", method, N, n_args);
    return false;
  }
  for (Py_ssize_t i = 0; i < n_args; ++i) values[static_cast<std::size_t>(i)] = args[i];
  const Py_ssize_t n_keywords = keywords == nullptr ? 0 : PyTuple_GET_SIZE(keywords);
  for (Py_ssize_t i = 0; i < n_keywords; ++i) {
    PyObject* keyword = PyTuple_GET_ITEM(keywords, i);
    std::size_t position = 0;
    while (position < N && PyUnicode_CompareWithASCIIString(keyword, names[position]) != 0) ++position;
    if (position == N || values[position] != nullptr) {
      PyErr_Format(PyExc_TypeError, "Batch.%s() got an unexpected or repeated argument %R", method, keyword);
      return false;
    }
    values[position] = args[n_args + i];
  }
  return true;
}

PyObject* batch_complete(PyObject* self, PyObject* const* args, Py_ssize_t n_args, PyObject* keywords) {
  BatchObject* batch = as_batch(self);
  const Instant at = now_of(batch);
  if (!batch->engine->usable_here()) return nullptr;
  std::array<PyObject*, 2> values{};
  if ((n_args != 0 || keywords != nullptr) &&
      !parse<2>("complete", {"outputs", "n_tokens"}, args, n_args, keywords, values))
    return nullptr;
  if (!batch->engine->complete(batch->rows, at, values[0], values[1])) return nullptr;
  Py_RETURN_NONE;
}

PyObject* batch_first_token(PyObject* self, PyObject*) {
  BatchObject* batch = as_batch(self);
  const Instant at = now_of(batch);
  if (!batch->engine->usable_here()) return nullptr;
  batch->engine->record().first_token(batch->rows, at);
  Py_RETURN_NONE;
}

PyObject* batch_token(PyObject* self, PyObject* const* args, Py_ssize_t n_args, PyObject* keywords) {
  BatchObject* batch = as_batch(self);
  const Instant at = now_of(batch);
  if (!batch->engine->usable_here()) return nullptr;
  std::array<PyObject*, 1> values{};
  if (!parse<1>("token", {"n"}, args, n_args, keywords, values)) return nullptr;
  const long n = values[0] == nullptr ? 1 : PyLong_AsLong(values[0]);
  if (n == -1 && PyErr_Occurred() != nullptr) return nullptr;
  batch->engine->record().add_tokens(batch->rows, at, n);
  Py_RETURN_NONE;
}

bool text_of(PyObject* object, const char* name, std::string& text) {
  if (object == nullptr) return true;
  Py_ssize_t size = 0;
  const char* data = PyUnicode_Check(object) ? PyUnicode_AsUTF8AndSize(object, &size) : nullptr;
  if (data == nullptr) {
    if (PyErr_Occurred() == nullptr)
      PyErr_Format(PyExc_TypeError, "Batch.fail(): %s must be a str, got %R", name, Py_TYPE(object));
    return false;
  }
  text.assign(data, static_cast<std::size_t>(size));
  return true;
}

PyObject* batch_fail(PyObject* self, PyObject* const* args, Py_ssize_t n_args, PyObject* keywords) {
  BatchObject* batch = as_batch(self);
  const Instant at = now_of(batch);
  if (!batch->engine->usable_here()) return nullptr;
  std::array<PyObject*, 2> values{};
  std::string kind = "error";
  std::string message;
  if (!parse<2>("fail", {"kind", "message"}, args, n_args, keywords, values) || !text_of(values[0], "kind", kind) ||
      !text_of(values[1], "message", message))
    return nullptr;
  batch->engine->record().fail(batch->rows, at, kind, message);
  Py_RETURN_NONE;
}

// An accessor that may throw, as CPython wants it.
template <typename Make>
PyObject* guarded(Make make) {
  try {
    return make();
  } catch (py::error_already_set& error) {
    error.restore();
  } catch (const std::exception& error) {
    PyErr_SetString(PyExc_RuntimeError, error.what());
  }
  return nullptr;
}

PyObject* batch_indices(PyObject* self, void*) {
  return guarded([&] { return as_batch(self)->engine->indices_of(as_batch(self)->rows).release().ptr(); });
}

PyObject* batch_samples(PyObject* self, void*) {
  return guarded([&] { return as_batch(self)->engine->samples_of(as_batch(self)->rows); });
}

PyObject* batch_ids(PyObject* self, void*) {
  return guarded([&] {
    const BatchObject* batch = as_batch(self);
    py::array_t<std::uint64_t> ids{static_cast<py::ssize_t>(batch->rows.count)};
    std::uint64_t* out = ids.mutable_data();
    for (std::uint64_t i = 0; i < batch->rows.count; ++i) out[i] = batch->engine->record().id_of(batch->rows.first + i);
    return ids.release().ptr();
  });
}

PyObject* batch_query_samples(PyObject* self, PyObject*) {
  return new_query_samples(*as_batch(self)->engine, as_batch(self)->rows);
}

PyObject* batch_query_lists(PyObject* self, PyObject*) {
  return new_query_lists(*as_batch(self)->engine, as_batch(self)->rows);
}

PyObject* batch_pending(PyObject* self, void*) {
  const BatchObject* batch = as_batch(self);
  std::uint64_t pending = 0;
  for (std::uint64_t i = 0; i < batch->rows.count; ++i)
    pending += batch->engine->record().is_done(batch->rows.first + i) ? 0 : 1;
  return PyLong_FromUnsignedLongLong(pending);
}

PyObject* batch_issued_ns(PyObject* self, void*) {
  const BatchObject* batch = as_batch(self);
  const Record& record = batch->engine->record();
  if (record.settings().instants == InstantColumns::None) Py_RETURN_NONE;
  return guarded([&] {
    const Instant at = record.issued_at(batch->rows.first);
    batch->engine->require_kept(batch->rows);
    return PyLong_FromLongLong(to_stamp(at));
  });
}

Py_ssize_t batch_length(PyObject* self) { return static_cast<Py_ssize_t>(as_batch(self)->rows.count); }

PyObject* batch_part(PyObject* self, std::uint64_t start, std::uint64_t count) {
  const BatchObject* batch = as_batch(self);
  return new_batch(batch->engine_object, *batch->engine, {batch->rows.first + start, count});
}

PyObject* batch_item(PyObject* self, Py_ssize_t position) {
  if (position < 0 || position >= batch_length(self)) {
    PyErr_SetString(PyExc_IndexError, "Batch index out of range");
    return nullptr;
  }
  return batch_part(self, static_cast<std::uint64_t>(position), 1);
}

PyObject* batch_subscript(PyObject* self, PyObject* key) {
  if (PyIndex_Check(key)) {
    Py_ssize_t position = PyNumber_AsSsize_t(key, PyExc_IndexError);
    if (position == -1 && PyErr_Occurred() != nullptr) return nullptr;
    if (position < 0) position += batch_length(self);
    return batch_item(self, position);
  }
  if (!PySlice_Check(key)) {
    PyErr_Format(PyExc_TypeError, "a Batch is indexed with an integer or a slice, not %R", Py_TYPE(key));
    return nullptr;
  }
  Py_ssize_t start = 0;
  Py_ssize_t stop = 0;
  Py_ssize_t step = 0;
  if (PySlice_Unpack(key, &start, &stop, &step) < 0) return nullptr;
  const Py_ssize_t count = PySlice_AdjustIndices(batch_length(self), &start, &stop, step);
  if (step != 1) {
    PyErr_Format(PyExc_ValueError, "a Batch can be sliced with step 1 only, got %zd", step);
    return nullptr;
  }
  return batch_part(self, static_cast<std::uint64_t>(start), static_cast<std::uint64_t>(count));
}

PyObject* batch_repr(PyObject* self) {
  const auto count = static_cast<unsigned long long>(as_batch(self)->rows.count);
  return PyUnicode_FromFormat("<loadgen.Batch of %llu sample%s>", count, count == 1 ? "" : "s");
}

template <typename Function>
PyCFunction as_method(Function function) noexcept {
  return reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(function));
}

PyMethodDef methods[] = {
    {"complete", as_method(&batch_complete), METH_FASTCALL | METH_KEYWORDS,
     "complete($self, /, outputs=None, n_tokens=None)\n--\n\n"
     "Answers all samples of the batch now.\n\n"
     "`outputs` has one element a sample; `n_tokens` is a number for all, or one a sample."},
    {"first_token", &batch_first_token, METH_NOARGS,
     "first_token($self, /)\n--\n\nThe first token of all samples of the batch is there now; it counts as one token."},
    {"token", as_method(&batch_token), METH_FASTCALL | METH_KEYWORDS,
     "token($self, /, n=1)\n--\n\n`n` more tokens of each sample are there now; the first stamps the first token."},
    {"fail", as_method(&batch_fail), METH_FASTCALL | METH_KEYWORDS,
     "fail($self, /, kind='error', message='')\n--\n\nNo answer will come: the samples count as failed, by kind."},
    {"query_samples", &batch_query_samples, METH_NOARGS,
     "query_samples($self, /)\n--\n\nThe samples in the form of MLPerf's API: a list of QuerySample."},
    {"query_lists", &batch_query_lists, METH_NOARGS,
     "query_lists($self, /)\n--\n\nThe samples in the other form of MLPerf's API: lists of ids and of indices."},
    {nullptr, nullptr, 0, nullptr}};

PyGetSetDef properties[] = {
    {"indices", &batch_indices, nullptr, "Which samples: int64 array, shape (n,).", nullptr},
    {"ids", &batch_ids, nullptr, "What to answer with: uint64 array, shape (n,), never 0.", nullptr},
    {"samples", &batch_samples, nullptr, "The samples themselves: dataset[indices].", nullptr},
    {"pending", &batch_pending, nullptr, "How many samples of the batch have no answer yet.", nullptr},
    {"issued_ns", &batch_issued_ns, nullptr,
     "When its first sample was issued, on the clock of time.perf_counter_ns(); None in Offline.", nullptr},
    {nullptr, nullptr, nullptr, nullptr, nullptr}};

PyType_Slot batch_slots[] = {
    {Py_tp_dealloc, slot(&batch_dealloc)},
    {Py_tp_methods, methods},
    {Py_tp_getset, properties},
    {Py_tp_repr, slot(&batch_repr)},
    {Py_tp_doc, const_cast<char*>("Samples for a system under test to answer.\n\n"
                                  "A batch may be kept, sliced (a slice is a batch), and used from any thread.")},
    {Py_sq_length, slot(&batch_length)},
    {Py_sq_item, slot(&batch_item)},
    {Py_mp_length, slot(&batch_length)},
    {Py_mp_subscript, slot(&batch_subscript)},
    {0, nullptr}};

PyType_Spec batch_spec = {"loadgen.Batch", sizeof(BatchObject), 0,
                          Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION, batch_slots};

}  // namespace

PyObject* new_batch(PyObject* engine_object, Engine& engine, RowRange rows) {
  BatchObject* batch = nullptr;
  if (n_free > 0) {
    batch = free_list[--n_free];
    PyObject_Init(reinterpret_cast<PyObject*>(batch), batch_type);
    Py_DECREF(batch_type);  // PyObject_Init took another reference to the type; the object had kept its own
  } else {
    batch = PyObject_New(BatchObject, batch_type);
    if (batch == nullptr) return nullptr;
  }
  batch->engine_object = Py_NewRef(engine_object);
  batch->engine = &engine;
  batch->rows = rows;
  return reinterpret_cast<PyObject*>(batch);
}

void bind_batch(py::module_& module) {
  PyObject* type = PyType_FromSpec(&batch_spec);
  if (type == nullptr) throw py::error_already_set();
  batch_type = reinterpret_cast<PyTypeObject*>(type);
  module.add_object("Batch", type);
}

}  // namespace loadgen::bindings
