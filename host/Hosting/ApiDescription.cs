using IntegrationHub.Host.Access;
using Microsoft.OpenApi;

namespace IntegrationHub.Host.Hosting;

/// <summary>The API's own description at <c>/openapi/v1.json</c> and the page to try it at <c>/docs</c>.</summary>
internal static class ApiDescription
{
    private const string Scheme = "apiKey";

    public static IServiceCollection AddApiDescription(this IServiceCollection services) =>
        services.AddOpenApi("v1", options =>
        {
            options.AddDocumentTransformer((document, _, _) =>
            {
                document.Info = new OpenApiInfo
                {
                    Title = "Integration Hub",
                    Version = "v1",
                    Description = "One API for every provider: connections, operations, webhooks, events, deliveries. Errors are problem details (RFC 9457).",
                };
                document.Components ??= new OpenApiComponents();
                document.Components.SecuritySchemes ??= new Dictionary<string, IOpenApiSecurityScheme>();
                document.Components.SecuritySchemes[Scheme] = new OpenApiSecurityScheme
                {
                    Type = SecuritySchemeType.Http,
                    Scheme = "bearer",
                    Description = "An API key (`hub_…`).",
                };
                return Task.CompletedTask;
            });
            options.AddOperationTransformer((operation, context, _) =>
            {
                if (context.Description.ActionDescriptor.EndpointMetadata.OfType<RequiredRole>().LastOrDefault() is not { } required)
                    return Task.CompletedTask;

                operation.Security ??= [];
                operation.Security.Add(new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference(Scheme, context.Document)] = [] });
                operation.Description = $"{operation.Description}\n\nNeeds the role `{required.Role.ToString().ToLowerInvariant()}` or above.".Trim();
                return Task.CompletedTask;
            });
        });

    public static WebApplication MapApiDescription(this WebApplication app)
    {
        app.MapOpenApi().AllowWithoutKey("The description holds nothing of any project.");
        app.UseSwaggerUI(page =>
        {
            page.RoutePrefix = "docs";
            page.DocumentTitle = "Integration Hub API";
            page.SwaggerEndpoint("/openapi/v1.json", "Integration Hub v1");
            page.EnableTryItOutByDefault();
            page.EnablePersistAuthorization();
        });
        app.MapGet("/", () => Results.Redirect("/docs/")).AllowWithoutKey("Leads to the API page.").ExcludeFromDescription();
        return app;
    }
}
