namespace IntegrationHub.Host.Hosting;

internal static class HubBuilder
{
    /// <summary>A builder that knows the hub's configuration and logging, and no feature yet.</summary>
    public static WebApplicationBuilder Create(string[] args)
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = args, ContentRootPath = Directory.GetCurrentDirectory() });
        builder.AddHubConfiguration(args);
        builder.AddHubLogging(builder.Configuration.ReadHubOptions());
        return builder;
    }
}
