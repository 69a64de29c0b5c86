# A library in somebody else's process may neither print nor end it: our objects call nothing that
# does. (What the C++ library brings along would abort only without memory for an exception.)
#
# cmake -D NM=nm -P check_quiet.cmake -- OBJECT...
include(${CMAKE_CURRENT_LIST_DIR}/objects.cmake)

execute_process(COMMAND ${NM} --undefined-only --format=posix ${objects}
  OUTPUT_VARIABLE output COMMAND_ERROR_IS_FATAL ANY)
string(REGEX MATCHALL "[^\n]+ U" lines "${output}")
list(LENGTH lines checked)
foreach(line IN LISTS lines)
  if(line MATCHES "^(abort|raise|kill|_?_?exit|_Exit|quick_exit|__assert_fail|v?f?printf|__v?f?printf_chk|puts|putchar|putc|fputs|fputc|fwrite|perror|write|syslog|_ZSt(4cout|4cerr|4clog)) ")
    message(SEND_ERROR "${CMAKE_MATCH_1} is called")
  endif()
endforeach()
if(checked EQUAL 0)
  message(FATAL_ERROR "no symbol found in: ${objects}")
endif()
message(STATUS "${checked} symbols checked")
