namespace IntegrationHub.Templates;

/// <summary>A template cannot be compiled or rendered. The message names the placeholder and never contains a value.</summary>
public sealed class TemplateException : Exception
{
    /// <summary>Creates it.</summary>
    public TemplateException(string message)
        : base(message)
    {
    }
}
