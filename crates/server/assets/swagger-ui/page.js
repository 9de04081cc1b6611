// Tokens are kept in this page's memory only: a reload signs out.
SwaggerUIBundle({
  // Beside this script's folder, whatever path a proxy puts before it.
  url: new URL("../openapi.json", document.currentScript.src).pathname,
  dom_id: "#swagger-ui",
  deepLinking: true,
  displayRequestDuration: true,
  persistAuthorization: false,
  validatorUrl: null,
});
