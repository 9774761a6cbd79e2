"""The Lambda handler of the Flask function."""

from apig_wsgi import make_lambda_handler

from apigateway import safe_handler
from flask_app.app import app

handler = safe_handler(make_lambda_handler(app))
