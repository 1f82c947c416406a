// SPDX-License-Identifier: Apache-2.0
#include "query_sample.hpp"

#include <structmember.h>

#include <array>
#include <cstddef>

namespace loadgen::bindings {

namespace {

struct SampleObject {
  PyObject_HEAD std::uint64_t id;
  std::uint64_t index;
  PyObject* weak_references;
};

PyTypeObject* sample_type = nullptr;
PyTypeObject* response_type = nullptr;

// An object's field, which is named for messages and lies at a distance from its start.
struct Field {
  const char* name;
  std::size_t offset;
  bool is_signed = false;
};

constexpr std::array<Field, 2> kSampleFields{
    {{"id", offsetof(SampleObject, id)}, {"index", offsetof(SampleObject, index)}}};
constexpr std::array<Field, 4> kResponseFields{{{"id", offsetof(ResponseObject, id)},
                                                {"data", offsetof(ResponseObject, data)},
                                                {"size", offsetof(ResponseObject, size)},
                                                {"n_tokens", offsetof(ResponseObject, n_tokens), true}}};

// Both kinds of field are 64 bits wide; a signed one keeps its bits.
std::uint64_t& value_of(PyObject* object, const Field& field) noexcept {
  return *reinterpret_cast<std::uint64_t*>(reinterpret_cast<std::byte*>(object) + field.offset);
}

// What the value itself raised passes, unless it says that it is no such number.
bool refuse(PyObject* value, const Field& field) {
  const bool said = PyErr_Occurred() != nullptr;
  if (said && PyErr_ExceptionMatches(PyExc_TypeError) == 0 && PyErr_ExceptionMatches(PyExc_OverflowError) == 0)
    return false;
  PyErr_Clear();
  PyErr_Format(PyExc_TypeError, "%s = %R: needs an int %s", field.name, value,
               field.is_signed ? "of 64 bits" : "in [0, 2**64)");
  return false;
}

// False with an error set.
bool assign(PyObject* object, const Field& field, PyObject* value) {
  const py::object number = py::reinterpret_steal<py::object>(
      PyLong_CheckExact(value) != 0 ? Py_NewRef(value) : (PyFloat_Check(value) != 0 ? nullptr : PyNumber_Index(value)));
  if (!number) return refuse(value, field);
  const std::uint64_t bits = field.is_signed ? static_cast<std::uint64_t>(PyLong_AsLongLong(number.ptr()))
                                             : PyLong_AsUnsignedLongLong(number.ptr());
  if (bits == ~std::uint64_t{0} && PyErr_Occurred() != nullptr) return refuse(value, field);
  value_of(object, field) = bits;
  return true;
}

PyObject* get_field(PyObject* self, void* closure) {
  const Field& field = *static_cast<const Field*>(closure);
  const std::uint64_t bits = value_of(self, field);
  return field.is_signed ? PyLong_FromLongLong(static_cast<std::int64_t>(bits)) : PyLong_FromUnsignedLongLong(bits);
}

int set_field(PyObject* self, PyObject* value, void* closure) {
  const Field& field = *static_cast<const Field*>(closure);
  if (value != nullptr) return assign(self, field, value) ? 0 : -1;
  PyErr_Format(PyExc_AttributeError, "%s cannot be deleted", field.name);
  return -1;
}

template <typename Object>
void dealloc(PyObject* self) {
  PyTypeObject* type = Py_TYPE(self);
  if (reinterpret_cast<Object*>(self)->weak_references != nullptr) PyObject_ClearWeakRefs(self);
  type->tp_free(self);
  Py_DECREF(type);
}

// Fields from the front, or none at all; `least` of them must be given. False with an error set.
template <std::size_t N>
bool fill(PyObject* object, const std::array<Field, N>& fields, std::size_t least, PyObject* const* args,
          std::size_t n_args) {
  if (n_args != 0 && (n_args < least || n_args > N)) {
    if (least == N) {
      PyErr_Format(PyExc_TypeError, "%s() takes no argument, or %zu of them, got %zu", Py_TYPE(object)->tp_name, N,
                   n_args);
    } else {
      PyErr_Format(PyExc_TypeError, "%s() takes no argument, or %zu to %zu of them, got %zu", Py_TYPE(object)->tp_name,
                   least, N, n_args);
    }
    return false;
  }
  for (std::size_t i = 0; i < n_args; ++i) {
    if (!assign(object, fields[i], args[i])) return false;
  }
  return true;
}

bool refuse_keywords(PyObject* type, bool any) {
  if (any)
    PyErr_Format(PyExc_TypeError, "%s() takes no keyword arguments", reinterpret_cast<PyTypeObject*>(type)->tp_name);
  return any;
}

// The fast way to make one, of the types themselves.
template <std::size_t N>
PyObject* call(PyObject* type, const std::array<Field, N>& fields, std::size_t least, PyObject* const* args,
               std::size_t n_args, PyObject* keywords) {
  if (refuse_keywords(type, keywords != nullptr && PyTuple_GET_SIZE(keywords) != 0)) return nullptr;
  auto* of = reinterpret_cast<PyTypeObject*>(type);
  PyObject* object = of->tp_alloc(of, 0);  // all zero
  if (object != nullptr && !fill(object, fields, least, args, static_cast<std::size_t>(PyVectorcall_NARGS(n_args))))
    Py_CLEAR(object);
  return object;
}

PyObject* sample_call(PyObject* type, PyObject* const* args, std::size_t n_args, PyObject* keywords) {
  return call(type, kSampleFields, 2, args, n_args, keywords);
}

PyObject* response_call(PyObject* type, PyObject* const* args, std::size_t n_args, PyObject* keywords) {
  return call(type, kResponseFields, 3, args, n_args, keywords);
}

// The usual way, of subclasses: what __new__ is given is for their __init__.
PyObject* new_object(PyTypeObject* type, PyObject*, PyObject*) { return type->tp_alloc(type, 0); }

template <std::size_t N>
int init(PyObject* self, const std::array<Field, N>& fields, std::size_t least, PyObject* args, PyObject* keywords) {
  auto* type = reinterpret_cast<PyObject*>(Py_TYPE(self));
  if (refuse_keywords(type, keywords != nullptr && PyDict_GET_SIZE(keywords) != 0)) return -1;
  PyObject* const* items = reinterpret_cast<PyTupleObject*>(args)->ob_item;
  return fill(self, fields, least, items, static_cast<std::size_t>(PyTuple_GET_SIZE(args))) ? 0 : -1;
}

int sample_init(PyObject* self, PyObject* args, PyObject* keywords) {
  return init(self, kSampleFields, 2, args, keywords);
}

int response_init(PyObject* self, PyObject* args, PyObject* keywords) {
  return init(self, kResponseFields, 3, args, keywords);
}

template <std::size_t N>
PyObject* reduced(PyObject* self, const std::array<Field, N>& fields) {
  py::tuple values{N};
  for (std::size_t i = 0; i < N; ++i)
    values[i] = py::reinterpret_steal<py::object>(get_field(self, const_cast<Field*>(&fields[i])));
  return py::make_tuple(py::handle(reinterpret_cast<PyObject*>(Py_TYPE(self))), values).release().ptr();
}

PyObject* sample_reduce(PyObject* self, PyObject*) { return reduced(self, kSampleFields); }
PyObject* response_reduce(PyObject* self, PyObject*) { return reduced(self, kResponseFields); }

PyObject* sample_repr(PyObject* self) {
  const auto* sample = reinterpret_cast<SampleObject*>(self);
  return PyUnicode_FromFormat("<QuerySample id=%llu index=%llu>", static_cast<unsigned long long>(sample->id),
                              static_cast<unsigned long long>(sample->index));
}

PyObject* response_repr(PyObject* self) {
  const auto* response = reinterpret_cast<ResponseObject*>(self);
  return PyUnicode_FromFormat(
      "<QuerySampleResponse id=%llu size=%llu n_tokens=%lld>", static_cast<unsigned long long>(response->id),
      static_cast<unsigned long long>(response->size), static_cast<long long>(response->n_tokens));
}

PyGetSetDef property(const Field& field, const char* doc) {
  return {field.name, &get_field, &set_field, doc, const_cast<Field*>(&field)};
}

PyGetSetDef sample_properties[] = {property(kSampleFields[0], "To be echoed back; never 0."),
                                   property(kSampleFields[1], "Which sample of the query sample library."),
                                   {}};
PyGetSetDef response_properties[] = {property(kResponseFields[0], "Of the sample that is answered."),
                                     property(kResponseFields[1], "Address of the answer's bytes."),
                                     property(kResponseFields[2], "How many bytes lie there."),
                                     property(kResponseFields[3], "Tokens of the answer."),
                                     {}};
PyMemberDef weak_list(std::size_t offset) {
  return {"__weaklistoffset__", T_PYSSIZET, static_cast<Py_ssize_t>(offset), READONLY, nullptr};
}

PyMemberDef sample_members[] = {weak_list(offsetof(SampleObject, weak_references)), {}};
PyMemberDef response_members[] = {weak_list(offsetof(ResponseObject, weak_references)), {}};
PyMethodDef sample_methods[] = {{"__reduce__", &sample_reduce, METH_NOARGS, nullptr}, {}};
PyMethodDef response_methods[] = {{"__reduce__", &response_reduce, METH_NOARGS, nullptr}, {}};

PyType_Slot sample_slots[] = {{Py_tp_new, slot(&new_object)},
                              {Py_tp_init, slot(&sample_init)},
                              {Py_tp_dealloc, slot(&dealloc<SampleObject>)},
                              {Py_tp_members, sample_members},
                              {Py_tp_getset, sample_properties},
                              {Py_tp_methods, sample_methods},
                              {Py_tp_repr, slot(&sample_repr)},
                              {Py_tp_doc, const_cast<char*>("QuerySample(), QuerySample(id, index)")},
                              {0, nullptr}};
PyType_Slot response_slots[] = {
    {Py_tp_new, slot(&new_object)},
    {Py_tp_init, slot(&response_init)},
    {Py_tp_dealloc, slot(&dealloc<ResponseObject>)},
    {Py_tp_members, response_members},
    {Py_tp_getset, response_properties},
    {Py_tp_methods, response_methods},
    {Py_tp_repr, slot(&response_repr)},
    {Py_tp_doc, const_cast<char*>("QuerySampleResponse(), QuerySampleResponse(id, data, size, n_tokens=0)")},
    {0, nullptr}};

// Named after where users find them, for messages and for pickle.
constexpr unsigned kFlags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE;
PyType_Spec sample_spec = {"loadgen.compat.mlperf_loadgen.QuerySample", sizeof(SampleObject), 0, kFlags, sample_slots};
PyType_Spec response_spec = {"loadgen.compat.mlperf_loadgen.QuerySampleResponse", sizeof(ResponseObject), 0, kFlags,
                             response_slots};

PyTypeObject* add_type(py::module_& module, const char* name, PyType_Spec& spec, vectorcallfunc call) {
  PyObject* object = PyType_FromSpec(&spec);
  if (object == nullptr) throw py::error_already_set();
  auto* type = reinterpret_cast<PyTypeObject*>(object);
  type->tp_vectorcall = call;
  module.add_object(name, object);
  return type;
}

}  // namespace

void bind_query_samples(py::module_& module) {
  sample_type = add_type(module, "QuerySample", sample_spec, &sample_call);
  response_type = add_type(module, "QuerySampleResponse", response_spec, &response_call);
}

PyObject* new_query_samples(Engine& engine, RowRange rows) {
  PyObject* list = PyList_New(static_cast<Py_ssize_t>(rows.count));
  if (list == nullptr) return nullptr;
  for (std::uint64_t i = 0; i < rows.count; ++i) {
    PyObject* object = sample_type->tp_alloc(sample_type, 0);
    if (object == nullptr) {
      Py_DECREF(list);
      return nullptr;
    }
    auto* sample = reinterpret_cast<SampleObject*>(object);
    sample->id = engine.record().id_of(rows.first + i);
    sample->index = engine.record().indices()[rows.first + i];
    PyList_SET_ITEM(list, static_cast<Py_ssize_t>(i), object);
  }
  return list;
}

PyObject* new_query_lists(Engine& engine, RowRange rows) {
  const auto n = static_cast<Py_ssize_t>(rows.count);
  const py::object ids = py::reinterpret_steal<py::object>(PyList_New(n));
  const py::object indices = py::reinterpret_steal<py::object>(PyList_New(n));
  if (!ids || !indices) return nullptr;
  for (std::uint64_t i = 0; i < rows.count; ++i) {
    PyObject* id = PyLong_FromUnsignedLongLong(engine.record().id_of(rows.first + i));
    PyObject* index = PyLong_FromUnsignedLong(engine.record().indices()[rows.first + i]);
    PyList_SET_ITEM(ids.ptr(), static_cast<Py_ssize_t>(i), id);
    PyList_SET_ITEM(indices.ptr(), static_cast<Py_ssize_t>(i), index);
    if (id == nullptr || index == nullptr) return nullptr;
  }
  return PyTuple_Pack(2, ids.ptr(), indices.ptr());
}

ResponseObject* as_response(PyObject* object) {
  if (PyObject_TypeCheck(object, response_type) != 0) return reinterpret_cast<ResponseObject*>(object);
  PyErr_Format(PyExc_TypeError, "responses must be QuerySampleResponse objects, got %R", Py_TYPE(object));
  return nullptr;
}

}  // namespace loadgen::bindings
