using IntegrationHub.Host.Access;
using IntegrationHub.Host.Http;

namespace IntegrationHub.Host.Hosting;

/// <summary>The API's own description at <c>/openapi/v1.json</c> and the page to try it at <c>/docs</c>.</summary>
internal static class ApiDescription
{
    private const string PagePrefix = "docs";

    public static IServiceCollection AddApiDescription(this IServiceCollection services) =>
        services.AddOpenApi("v1", options =>
        {
            // An answer to HEAD is that to GET without its body: described once.
            var included = options.ShouldInclude;
            options.ShouldInclude = description => description.HttpMethod != HttpMethods.Head && included(description);
            options.AddOperationTransformer((operation, context, _) =>
            {
                ApiDescriptionRules.Describe(operation, context);
                return Task.CompletedTask;
            });
            options.AddDocumentTransformer((document, _, _) =>
            {
                ApiDescriptionRules.Describe(document);
                return Task.CompletedTask;
            });
        });

    public static WebApplication MapApiDescription(this WebApplication app)
    {
        app.MapOpenApi().AnswersHead().AllowWithoutKey("The description holds nothing of any project.");
        app.UseWhen(static context => context.Request.Path.StartsWithSegments("/" + PagePrefix, StringComparison.OrdinalIgnoreCase), static docs => docs.UseSwaggerUI(page =>
        {
            page.RoutePrefix = PagePrefix;
            page.DocumentTitle = "Integration Hub API";

            // Without it a telephone shows the page as wide as a desk, and the text too small to read.
            page.HeadContent = """<meta name="viewport" content="width=device-width,initial-scale=1">""";
            page.SwaggerEndpoint("/openapi/v1.json", "Integration Hub v1");
            page.EnableTryItOutByDefault();
        }));
        app.MapGet("/", () => Results.Redirect("/docs/")).AnswersHead().AllowWithoutKey("Leads to the API page.").ExcludeFromDescription();
        return app;
    }
}
