# The objects of one instruction set may define nothing outside their namespace that the linker
# sees: of an inline function that several objects define it keeps one copy, and it could keep the
# AVX-512 one for everybody.
#
# cmake -D NM=nm -D NAMESPACE=x86_64_v4 -P check_kernel_symbols.cmake -- OBJECT...
string(LENGTH ${NAMESPACE} length)
set(prefix "_ZN5lenet${length}${NAMESPACE}")

include(${CMAKE_CURRENT_LIST_DIR}/objects.cmake)

# Not those of local symbols, whose type is a small letter.
execute_process(COMMAND ${NM} --defined-only --extern-only --format=posix ${objects}
  OUTPUT_VARIABLE output COMMAND_ERROR_IS_FATAL ANY)
string(REGEX MATCHALL "[^\n]+" lines "${output}")
set(checked 0)
foreach(line IN LISTS lines)
  if(NOT line MATCHES "^([^ ]+) [A-Za-z] ")
    continue()  # The name of an object.
  endif()
  set(symbol ${CMAKE_MATCH_1})
  math(EXPR checked "${checked} + 1")
  if(NOT symbol MATCHES "^${prefix}")
    message(SEND_ERROR "${symbol} is defined outside lenet::${NAMESPACE}")
  endif()
endforeach()
if(checked EQUAL 0)
  message(FATAL_ERROR "no symbol found in: ${objects}")
endif()
message(STATUS "${checked} symbols checked")
