/* Puts the chosen theme in force before anything is painted. SPDX-License-Identifier: MIT */
(function () {
  try {
    var theme = localStorage.getItem('openclaw.theme');
    if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme;
  } catch (e) {
    /* storage may be forbidden: the system's theme it is */
  }
})();
