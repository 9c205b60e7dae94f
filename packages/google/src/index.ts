/** Google for Volley. */
export {}
