namespace IntegrationHub.Host.Hosting;

internal static class HubBuilder
{
    // To reload them, .NET watches for changes of its settings files every folder below the one the hub was started in: on Linux one watch each, a walk through all of
    // them at the start, and one more for each copy of a plugin in the data folder. The hub reads its settings once.
    private const string NoWatching = "--hostBuilder:reloadConfigOnChange=false";

    /// <summary>A builder that knows the hub's configuration and logging, and no feature yet.</summary>
    /// <exception cref="FormatException">The command line cannot mean what was typed.</exception>
    public static WebApplicationBuilder Create(string[] args)
    {
        ServerArguments.Check(args);
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = [NoWatching, .. args], ContentRootPath = Directory.GetCurrentDirectory() });
        builder.AddHubConfiguration(args);
        builder.AddHubLogging(builder.Configuration.ReadHubOptions());
        return builder;
    }
}
